//! Each form of the report over the five exchanges, as they were in 2021 and as they are now.

use std::io::Write;

use jsonschema::validator_for;
use wirelab_analyze::model::{Column, Layer, Note, Problem, ProblemLayer, ProblemPlace};
use wirelab_analyze::{Analyzer, Settings};
use wirelab_capture::{Frame, LinkType};

use crate::forms::{self, FORMS, Form};
use crate::list::{self, Follow};
use crate::sample::{Era, five, report, run};
use crate::text::Colours;
use crate::{CaptureBytes, Report, RunInfo, Templates, dump, json, markdown, text};

#[test]
fn the_text_of_2021() {
    insta::assert_snapshot!(text::render(&report(five(Era::Then), None), Colours::None));
}

#[test]
fn the_text_of_today() {
    let text = text::render(&report(five(Era::Now), Some(run())), Colours::None);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn colour_changes_no_word() {
    let report = report(five(Era::Now), None);
    let coloured = text::render(&report, Colours::Ansi);
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    let mut inside = false;
    for c in coloured.chars() {
        match c {
            '\u{1b}' => inside = true,
            'm' if inside => inside = false,
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    assert_eq!(plain, text::render(&report, Colours::None));
}

#[test]
fn the_markdown_of_today() {
    let report = report(five(Era::Now), Some(run()));
    insta::assert_snapshot!(markdown::render(&report, &Templates::embedded().unwrap()).unwrap());
}

#[test]
fn the_csv() {
    let csv = rendered("csv", &report(five(Era::Then), None));
    let widths: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert!(widths.iter().all(|&width| width == widths[0]), "{widths:?}");
    insta::assert_snapshot!(csv);
}

/// The tables of columns and of layers say how each number is called: the CSV has it under the name that it has in the
/// JSON, and each form has the headings of the columns.
#[test]
fn names_and_headings_are_those_of_the_tables() {
    let report = report(five(Era::Then), Some(run()));
    let json: serde_json::Value = serde_json::from_str(&rendered("json", &report)).unwrap();
    let csv = rendered("csv", &report);
    let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    let layers = Layer::ALL.iter().filter(|layer| layer.is_payload() && **layer != Layer::Retransmitted);
    let keys = Column::ALL.into_iter().map(Column::name).chain(layers.map(|layer| layer.key()));
    for key in keys {
        let place =
            lines[0].iter().position(|name| *name == key).unwrap_or_else(|| panic!("no {key} in {:?}", lines[0]));
        for capture in json["captures"].as_array().unwrap() {
            let of_it = |line: &&Vec<&str>| line[0] == "overall" && capture["name"] == line[1];
            let line = lines.iter().find(of_it).unwrap();
            assert_eq!(line[place], capture["totals"][key].to_string(), "{key} of {}", capture["name"]);
        }
    }
    let templates = Templates::embedded().unwrap();
    let (page, document) = (forms::page(&report, &templates).unwrap(), markdown::render(&report, &templates).unwrap());
    let text = text::render(&report, Colours::None);
    let heads: Vec<&str> = text.lines().filter(|line| line.trim_start().starts_with("packets")).collect();
    assert_eq!(heads.len(), 3, "{text}");
    for column in Column::ALL {
        let meaning = column.meaning();
        assert!(heads.iter().all(|head| head.contains(column.short())), "{column:?}");
        assert!(document.contains(&format!(" {} |", column.title())) && document.contains(meaning), "{column:?}");
        assert!(page.contains(&format!(">{}</th>", column.title())) && page.contains(meaning), "{column:?}");
    }
    for layer in
        Layer::STACK.iter().filter(|layer| report.analysis.captures.iter().any(|one| one.totals.of(**layer) > 0))
    {
        assert!(
            page.contains(&format!("<span class=\"key k-{}\"></span><b>{}</b>", layer.class(), layer.name())),
            "{layer:?}"
        );
    }
}

/// Of a capture that is none of the lab's own, every form says what each kind of exchange costs.
#[test]
fn the_exchanges_of_a_stranger() {
    let stranger = five(Era::Then).into_iter().skip(2).take(1).map(|(mut capture, bytes)| {
        capture.app = None;
        (capture, bytes)
    });
    let report = report(stranger.collect(), None);
    let markdown = markdown::render(&report, &Templates::embedded().unwrap()).unwrap();
    insta::assert_snapshot!(markdown.split_once("\n## Each exchange").unwrap().1);
    let csv = rendered("csv", &report);
    let widths: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert!(widths.iter().all(|&width| width == widths[0]), "{widths:?}");
    insta::assert_snapshot!(csv.lines().filter(|line| line.starts_with("exchange,")).collect::<Vec<_>>().join("\n"));
    for (form, text) in each_form(&report) {
        for group in &report.analysis.captures[0].groups {
            assert!(text.contains(&group.label), "{form} has no {}", group.label);
        }
    }
    let page = forms::page(&report, &Templates::embedded().unwrap()).unwrap();
    let table = page.split_once("<table id=\"t-c-ajaxapp-kinds\"").unwrap().1.split_once("</table>").unwrap().0;
    assert_eq!(table.matches("<tr><th scope=\"row\"").count(), report.analysis.captures[0].groups.len());
    assert!(table.contains("<td>745</td>"), "the median update: {table}");
}

/// One form of a report.
fn rendered(form: &str, report: &Report) -> String {
    let mut out = Vec::new();
    (Form::named(form).unwrap().render)(report, &Templates::embedded().unwrap(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Every form of a report, by its name.
fn each_form(report: &Report) -> Vec<(&'static str, String)> {
    FORMS.iter().map(|form| (form.name, rendered(form.name, report))).collect()
}

/// A capture of that many clients, each with a SYN.
fn flood(clients: u32) -> Report {
    let mut analyzer = Analyzer::new(Settings { keep_packets: 100, ..Settings::default() });
    let mut bytes = CaptureBytes::new(100, usize::MAX);
    for number in 1..=clients {
        let mut data = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 10];
        data.extend(number.to_be_bytes().into_iter().skip(1).chain([10, 0, 0, 1, 0x9c, 0x40, 0, 80, 0, 0, 0, 9]));
        data.extend([0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0]);
        let frame = Frame {
            number: number.into(),
            time_ns: number.into(),
            wire_len: data.len() as u32,
            data: &data,
            link: LinkType::ETHERNET,
            file_offset: 0,
        };
        analyzer.frame(&frame);
        bytes.push(&frame);
    }
    report(vec![(analyzer.finish("flood", Some("flood.pcap"), "pcap"), bytes)], None)
}

/// What is written: how much in all, and in the largest piece.
#[derive(Default)]
struct Pieces {
    all: usize,
    largest: usize,
}

impl Write for Pieces {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.all += piece.len();
        self.largest = self.largest.max(piece.len());
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// However many connections and clients there are, a form is either no longer, or written piece by piece.
#[test]
fn no_form_is_held_in_memory_with_all_its_rows() {
    let [few, many] = [3_000, 12_000].map(flood);
    let templates = Templates::embedded().unwrap();
    for form in FORMS {
        let written = |report: &Report| {
            let mut pieces = Pieces::default();
            (form.render)(report, &templates, &mut pieces).unwrap();
            pieces
        };
        let [few, many] = [&few, &many].map(written);
        match form.name {
            "csv" | "json" => {
                assert!(many.all > 12_000 * 50 && many.largest < 2_000, "{}: {}", form.name, many.largest);
            }
            // More digits, and a sentence on what is left out.
            _ => assert!(many.all < few.all + 2_000, "{}: {} and {} bytes", form.name, few.all, many.all),
        }
    }
    assert_eq!(many.clients.first().map(|clients| clients.count()), Some(12_000));
}

/// Every form with sentences lists as many problems as the others, and says how many it leaves out.
#[test]
fn every_form_lists_the_same_problems() {
    let mut lab = five(Era::Now);
    let place = |frame| ProblemPlace::Frame { frame, offset: 54, layer: ProblemLayer::Http };
    lab[0].0.problems.extend((1..=23).map(|frame| Problem { place: place(frame), message: format!("fault {frame}.") }));
    lab[0].0.notes.push(Note::Missing { bytes: 77 });
    for (form, text) in each_form(&report(lab, None)) {
        let listed = (1..=23).filter(|frame| text.contains(&format!("fault {frame}."))).count();
        match form {
            "json" => assert_eq!(listed, 23),
            // It has the tables and no sentences.
            "csv" => assert_eq!(listed, 0),
            _ => {
                assert_eq!(listed, 20, "{form}");
                assert!(text.contains("3 more problems"), "{form}");
                assert!(text.contains("rame 7, byte 54 (http): fault 7."), "{form}");
                assert!(text.contains("77 bytes of TCP payload are missing"), "{form}");
            }
        }
    }
}

/// A text that was broken over lines of the source without a `\` keeps their indentation.
#[test]
fn no_text_has_two_spaces_in_a_row() {
    let is_inside = |text: &str| {
        let text = text.replace("\\n", "\n");
        let spaced = |(at, _): (usize, &str)| {
            let before = text[..at].chars().next_back().is_some_and(|c| c.is_lowercase() || ",.;:)".contains(c));
            let after = text[at..].trim_start_matches(' ').chars().next();
            before && after.is_some_and(|c| c.is_alphabetic() || c == '{')
        };
        text.match_indices("  ").any(spaced)
    };
    assert!(is_inside(&format!("acknowledged the first part,{}packet", " ".repeat(18))));
    assert!(!is_inside("  {name}\\n    A  {left}\\n    B  {right}"));
    let mut folders = ["analyze", "catalog", "dissect", "report", "wirelab"]
        .map(|name| format!("{}/../{name}/src", env!("CARGO_MANIFEST_DIR")).into())
        .to_vec();
    folders.push(std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../templates/report"));
    let mut looked = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let is_text = path.extension().is_some_and(|ending| ending == "rs" || ending == "html" || ending == "md");
            // The help has examples in columns.
            if !is_text || path.ends_with("flags.rs") {
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            for (line, text) in (1..).zip(source.lines()) {
                let text = text.trim_start();
                // Columns of lists are aligned on purpose.
                if text.starts_with("//") || text.contains("{:<") {
                    continue;
                }
                looked += 1;
                assert!(!is_inside(text), "{}:{line}: {text}", path.display());
            }
        }
    }
    assert!(looked > 1000);
}

#[test]
fn a_name_is_quoted_in_csv_and_escaped_in_markdown() {
    let lab: Vec<_> = five(Era::Now)
        .into_iter()
        .take(1)
        .map(|(mut capture, bytes)| {
            capture.name = "=1,\"a|b\" <script>".to_owned();
            (capture, bytes)
        })
        .collect();
    let report = report(lab, None);
    assert!(rendered("csv", &report).contains("per_update,\"'=1,\"\"a|b\"\" <script>\",tcp,"));
    let markdown = markdown::render(&report, &Templates::embedded().unwrap()).unwrap();
    assert!(!markdown.contains("<script>"), "{markdown}");
}

#[test]
fn the_dump_of_a_capture() {
    let lab = five(Era::Now);
    let (capture, bytes) = lab.first().unwrap();
    let mut out = Vec::new();
    dump::render(&mut out, capture, bytes).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn a_websocket_conversation() {
    let lab = five(Era::Now);
    let (capture, bytes) = lab.last().unwrap();
    let mut out = Vec::new();
    list::follow(&mut out, capture, bytes, 1, Follow::Hex, Colours::None).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("81 88 36 0d 29 16 51 68  5d 3b 42 64 44 73"), "{text}");
    assert!(text.contains("< server, packet"), "{text}");
}

/// The schema files of the project are what the types say. `UPDATE_SCHEMA=1 cargo test` writes them anew.
#[test]
fn the_schema_files_are_up_to_date() {
    for (file, schema) in [("wirelab-1", json::schema()), ("wirelab-run-1", RunInfo::schema())] {
        let path = format!("{}/../../docs/{file}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let text = json::schema_text(&schema);
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "docs/{file}.schema.json is not what the types say; run UPDATE_SCHEMA=1 cargo test");
    }
}

#[test]
fn results_hold_to_the_schema() {
    let schema = validator_for(&serde_json::to_value(json::schema()).unwrap()).unwrap();
    for era in [Era::Then, Era::Now] {
        let report = report(five(era), Some(run()));
        let value: serde_json::Value = serde_json::from_str(&rendered("json", &report)).unwrap();
        let errors: Vec<String> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0]);
    }
    let schema = validator_for(&serde_json::to_value(RunInfo::schema()).unwrap()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&run().to_json()).unwrap();
    assert!(schema.is_valid(&value));
}
