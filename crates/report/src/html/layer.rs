//! How do the layers look? Their colours as the style sheet takes them, and the legend that names them.

use serde::Serialize;
use wirelab_analyze::model::{Cause, Hatch, Layer, Tally};

/// A layer as the legend shows it.
#[derive(Clone, Debug, Serialize)]
pub struct LegendEntry {
    class: &'static str,
    name: &'static str,
    meaning: String,
}

/// The legend: the layers that occur in these rows.
pub fn legend<'a>(rows: impl IntoIterator<Item = &'a Tally>) -> Vec<LegendEntry> {
    let sum: Tally = rows.into_iter().copied().sum();
    let entry = |layer: &Layer| LegendEntry {
        class: layer.class(),
        name: layer.name(),
        meaning: match layer.within() {
            Some(whole) => format!("of the {}: {}", whole.name(), layer.meaning()),
            None => layer.meaning().to_owned(),
        },
    };
    Layer::ALL.iter().filter(|&&layer| sum.of(layer) > 0).map(entry).collect()
}

/// A layer as the style sheet and the patterns of pictures take it.
#[derive(Clone, Debug, Serialize)]
pub struct LayerLook {
    class: &'static str,
    light: &'static str,
    dark: &'static str,
    /// The colour of text on it.
    on_light: &'static str,
    on_dark: &'static str,
    hatch: Option<Hatch>,
    /// Whether it lies within another layer: it is framed then.
    within: bool,
}

/// All layers.
pub fn looks() -> Vec<LayerLook> {
    let look = |layer: &Layer| {
        let [light, dark] = layer.colours();
        LayerLook {
            class: layer.class(),
            light,
            dark,
            on_light: ink(light),
            on_dark: ink(dark),
            hatch: layer.hatch(),
            within: layer.within().is_some(),
        }
    };
    Layer::ALL.iter().map(look).collect()
}

/// A cause of waiting as the style sheet takes it.
#[derive(Clone, Debug, Serialize)]
pub struct CauseLook {
    class: &'static str,
    light: &'static str,
    dark: &'static str,
    /// The colour of text on it.
    on_light: &'static str,
    on_dark: &'static str,
}

/// All causes.
pub fn cause_looks() -> Vec<CauseLook> {
    let look = |cause: &Cause| {
        let [light, dark] = cause.colours();
        CauseLook { class: cause.class(), light, dark, on_light: ink(light), on_dark: ink(dark) }
    };
    Cause::ALL.iter().map(look).collect()
}

/// Black or white, whichever can be read better on a colour (WCAG 2.2, contrast ratio).
fn ink(colour: &str) -> &'static str {
    let light = luminance(colour);
    if (light + 0.05) / 0.05 >= 1.05 / (light + 0.05) { "#000" } else { "#fff" }
}

/// How light a colour "#rrggbb" is, from 0 to 1 (WCAG 2.2, relative luminance).
fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let value = colour.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).unwrap_or(0);
        let share = f64::from(value) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::templates::Templates;

    #[test]
    fn text_on_each_colour_can_be_read() {
        for layer in Layer::ALL {
            for colour in layer.colours() {
                let (ground, ink) = (luminance(colour), if ink(colour) == "#fff" { 1.0 } else { 0.0 });
                assert!((ground.max(ink) + 0.05) / (ground.min(ink) + 0.05) >= 4.5, "{layer:?} {colour}");
            }
        }
    }

    #[test]
    fn the_style_sheet_has_each_colour_of_the_table_and_no_other() {
        let css = crate::html::style(&Templates::embedded().unwrap()).unwrap();
        for layer in Layer::ALL {
            let ([light, dark], class) = (layer.colours(), layer.class());
            assert!(
                css.contains(&format!("--{class}:{light};")) && css.contains(&format!("--{class}:{dark};")),
                "{layer:?}"
            );
            for rule in ["f", "k", "on"].map(|kind| format!(".{kind}-{class}{{")) {
                assert!(css.contains(&rule), "{rule}");
            }
            assert_eq!(css.contains(&format!(".pat-{class}{{")), layer.hatch().is_some(), "{layer:?}");
        }
        let template = include_str!("../../../../templates/report/report.css");
        for colour in Layer::ALL.iter().flat_map(|layer| layer.colours()).filter(|colour| !OF_LINKS.contains(colour)) {
            assert!(!template.contains(colour), "{colour} stands in the template, too");
        }
    }

    #[test]
    fn causes_are_told_apart_from_each_other_and_from_the_page() {
        let [papers, inks] = ["--paper:", "--ink:"].map(|name| {
            let css = include_str!("../../../../templates/report/report.css");
            let values: Vec<&str> = css.split(name).skip(1).filter_map(|rest| rest.get(..7)).take(2).collect();
            <[&str; 2]>::try_from(values).unwrap()
        });
        assert!(papers.iter().zip(inks).all(|(paper, ink)| contrast(paper, ink) > 7.0), "{papers:?} {inks:?}");
        for (at, cause) in Cause::ALL.iter().enumerate() {
            for (colour, paper) in cause.colours().into_iter().zip(papers) {
                // Enough for a picture (WCAG 2.2, 1.4.11), and for text (1.4.3).
                assert!(contrast(colour, paper) >= 3.0, "{cause:?} {colour} on {paper}");
                let ink = if ink(colour) == "#fff" { "#ffffff" } else { "#000000" };
                assert!(contrast(colour, ink) >= 4.5, "{ink} on {cause:?} {colour}");
            }
            for other in &Cause::ALL[..at] {
                assert_ne!(cause.class(), other.class());
                for (colour, other) in cause.colours().into_iter().zip(other.colours()) {
                    assert!(distance(colour, other) >= 60.0, "{cause:?} {colour} beside {other}");
                }
            }
            assert!(
                Layer::ALL.iter().all(|layer| layer.class() != cause.class()),
                "{cause:?} shares its class with a layer"
            );
        }
    }

    #[test]
    fn the_style_sheet_has_each_cause() {
        let css = crate::html::style(&Templates::embedded().unwrap()).unwrap();
        for cause in Cause::ALL {
            let ([light, dark], class) = (cause.colours(), cause.class());
            for needed in [format!("--{class}:{light};"), format!("--{class}:{dark};")]
                .into_iter()
                .chain(["f", "k", "on"].map(|kind| format!(".{kind}-{class}{{")))
            {
                assert!(css.contains(&needed), "{needed}");
            }
        }
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let [one, other] = [one, other].map(luminance);
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// How far two colours are from each other in the cube of red, green and blue, whose edges are 255 long.
    fn distance(one: &str, other: &str) -> f64 {
        let part = |colour: &str, at: usize| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap());
        [1, 3, 5].into_iter().map(|at| (part(one, at) - part(other, at)).powi(2)).sum::<f64>().sqrt()
    }

    /// Colours that links and warnings have by themselves.
    const OF_LINKS: [&str; 2] = ["#56b4e9", "#f2b84b"];
}
