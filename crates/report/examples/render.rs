//! Renders captures for looking at.
#![allow(missing_docs, clippy::unwrap_used)]
use std::{fs, path::PathBuf};
fn main() {
    let mut args = std::env::args().skip(1);
    let out = PathBuf::from(args.next().unwrap());
    let mut caps = vec![];
    let mut bytes = vec![];
    let mut run = None;
    for f in args {
        let p = PathBuf::from(&f);
        if f.ends_with(".json") {
            run = Some(wirelab_report::RunInfo::from_json(&fs::read_to_string(p).unwrap()).unwrap());
            continue;
        }
        let name = p.file_stem().unwrap().to_string_lossy().into_owned();
        let mut r = wirelab_capture::Reader::new(fs::File::open(&p).unwrap()).unwrap();
        let keep = 20000;
        let mut a =
            wirelab_analyze::Analyzer::new(wirelab_analyze::Settings { keep_packets: keep, ..Default::default() });
        let mut b = wirelab_report::CaptureBytes::new(keep);
        while let Ok(Some(f)) = r.next_frame() {
            a.frame(&f);
            b.push(&f);
        }
        caps.push(a.finish(&name, p.file_name().unwrap().to_str(), &r.format()));
        bytes.push(b);
    }
    let r = wirelab_report::Report::new(wirelab_analyze::Analysis::new(caps), run, bytes);
    fs::create_dir_all(&out).unwrap();
    println!("{}", wirelab_report::text::render(&r, false));
    let t = wirelab_report::Templates::embedded().unwrap();
    fs::write(out.join("report.md"), wirelab_report::markdown::render(&r, &t).unwrap()).unwrap();
    fs::write(out.join("tables.csv"), wirelab_report::csv::render(&r)).unwrap();
    fs::write(out.join("results.json"), wirelab_report::json::render(&r)).unwrap();
}
