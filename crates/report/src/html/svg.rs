//! Writing SVG: text is escaped here and nowhere else, so that nothing from a capture reaches the page as markup.

use std::fmt::Write as _;

use wirelab_dissect::visible::is_visible;

/// A picture in the making.
pub struct Svg {
    text: String,
}

impl Svg {
    /// A picture of this size, with a title and a description for those who cannot see it.
    pub fn new(id: &str, width: f64, height: f64, title: &str, description: &str) -> Svg {
        Svg::with_role("img", id, width, height, title, description)
    }

    /// A picture with links in it: not one image, but a group of things to go to.
    pub fn with_links(id: &str, width: f64, height: f64, title: &str, description: &str) -> Svg {
        Svg::with_role("group", id, width, height, title, description)
    }

    fn with_role(role: &str, id: &str, width: f64, height: f64, title: &str, description: &str) -> Svg {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "<svg viewBox=\"0 0 {} {}\" role=\"{role}\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title>\
             <desc id=\"{id}-d\">{}</desc>",
            px(width),
            px(height),
            escape(title),
            escape(description)
        );
        Svg { text }
    }

    /// A box with a class, and a title that shows when it is pointed at.
    pub fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64, title: Option<&str>) {
        let _ = write!(
            self.text,
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            px(x),
            px(y),
            px(width),
            px(height)
        );
        match title {
            Some(title) => {
                let _ = write!(self.text, "><title>{}</title></rect>", escape(title));
            }
            None => self.text.push_str("/>"),
        }
    }

    /// A line.
    pub fn line(&mut self, class: &str, x1: f64, y1: f64, x2: f64, y2: f64) {
        let _ = write!(
            self.text,
            "<line class=\"{class}\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
            px(x1),
            px(y1),
            px(x2),
            px(y2)
        );
    }

    /// A path.
    pub fn path(&mut self, class: &str, d: &str) {
        let _ = write!(self.text, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    /// A line through points.
    pub fn polyline(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<String> = points.iter().map(|&(x, y)| format!("{},{}", px(x), px(y))).collect();
        let _ = write!(self.text, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
    }

    /// A circle.
    pub fn circle(&mut self, class: &str, x: f64, y: f64, r: f64, title: &str) {
        let _ = write!(
            self.text,
            "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"{}\"><title>{}</title></circle>",
            px(x),
            px(y),
            px(r),
            escape(title)
        );
    }

    /// Text; the class says where it is anchored.
    pub fn text(&mut self, class: &str, x: f64, y: f64, text: &str) {
        let _ = write!(self.text, "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>", px(x), px(y), escape(text));
    }

    /// Pieces of text in a row, each with its class.
    pub fn words(&mut self, anchor: &str, x: f64, y: f64, pieces: &[(&str, &str)]) {
        let _ = write!(
            self.text,
            "<text class=\"{anchor}small halo\" paint-order=\"stroke\" x=\"{}\" y=\"{}\">",
            px(x),
            px(y)
        );
        for (at, (class, text)) in pieces.iter().enumerate() {
            let gap = if at > 0 { " dx=\"8\"" } else { "" };
            let _ = write!(self.text, "<tspan class=\"{class}\"{gap}>{}</tspan>", escape(text));
        }
        self.text.push_str("</text>");
    }

    /// Begins a group that is a link within the page.
    pub fn open_link(&mut self, target: &str) {
        let _ = write!(self.text, "<a href=\"#{}\">", escape(target));
    }

    /// Ends it.
    pub fn close_link(&mut self) {
        self.text.push_str("</a>");
    }

    /// The finished picture.
    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }
}

/// A length with at most one decimal.
pub fn px(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// Text as HTML and SVG show it and do not read it.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    escape_into(&mut safe, text);
    safe
}

/// The same, onto the end of a text.
pub fn escape_into(safe: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(c),
            c if is_visible(c) => safe.push(c),
            _ => safe.push(char::REPLACEMENT_CHARACTER),
        }
    }
}
