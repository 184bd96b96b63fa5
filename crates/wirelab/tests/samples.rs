//! Are the samples that are kept in the project what the lab makes today?

mod lab;

use std::fs;
use std::path::Path;

use lab::Lab;

#[test]
fn they_have_not_drifted() {
    let lab = Lab::new();
    lab.done("samples .");
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for folder in ["pcap/samples", "reports/samples"] {
        let made = lab.list(folder);
        let mut kept: Vec<String> = fs::read_dir(project.join(folder))
            .expect("the project has samples")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        kept.sort();
        assert_eq!(made, kept, "{folder}: make the samples again with `cargo lab samples`");
        for name in made {
            let kept = fs::read(project.join(folder).join(&name)).expect("a file");
            assert!(
                lab.read(&format!("{folder}/{name}")) == kept,
                "{folder}/{name} is not what the lab makes today: look at the difference after `cargo lab samples`"
            );
        }
    }
}
