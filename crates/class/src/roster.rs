//! Who is in the class? A list of names, one a line.

use std::collections::HashMap;

/// A student, and the folder that is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Student {
    /// As the list has it.
    pub name: String,
    /// A name that every file system takes.
    pub folder: String,
}

/// Reads a list of names. Empty lines and those that begin with `#` are no names.
///
/// # Errors
/// A sentence with the line: a name that is there twice, that is empty as a folder's, or too long; a list without names.
pub fn read(text: &str) -> Result<Vec<Student>, String> {
    let mut students: Vec<Student> = Vec::new();
    let mut lines = HashMap::new();
    for (line, name) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let name = name.trim();
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        let folder = folder(name);
        if folder.is_empty() {
            return Err(format!("line {line}: '{name}' has no letter or digit that a folder could be named after"));
        }
        if name.chars().count() > LONGEST {
            return Err(format!(
                "line {line}: a name has at most {LONGEST} characters, and this one has {}",
                name.chars().count()
            ));
        }
        if let Some(before) = lines.insert(folder.to_lowercase(), line) {
            return Err(format!(
                "line {line}: '{name}' would get the same folder as line {before}, '{folder}': add something that tells them apart"
            ));
        }
        students.push(Student { name: name.to_owned(), folder });
    }
    if students.is_empty() {
        return Err("it has no names: write one a line".to_owned());
    }
    if students.len() > MOST {
        return Err(format!("it has {} names, and at most {MOST} are taken", students.len()));
    }
    Ok(students)
}

/// The folder of a name: letters and digits of any script, with a hyphen between words.
pub fn folder(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let folder = words.collect::<Vec<_>>().join("-");
    // Names of devices on Windows.
    let reserved = ["con", "prn", "aux", "nul"];
    let lower = folder.to_lowercase();
    let is_numbered = |device: &str| {
        lower.strip_prefix(device).is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is_reserved = reserved.contains(&lower.as_str()) || is_numbered("com") || is_numbered("lpt");
    if is_reserved { format!("{folder}-") } else { folder }
}

/// The longest name.
const LONGEST: usize = 60;
/// The largest class.
const MOST: usize = 5_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_folders_that_every_system_takes() {
        let class = read("\u{feff}Ada L.\r\n\r\n# a remark\n  Grace/Hopper \nÉmilie du C\ncon\n../../etc\n")
            .unwrap_or_default();
        let folders: Vec<&str> = class.iter().map(|student| student.folder.as_str()).collect();
        assert_eq!(folders, ["Ada-L", "Grace-Hopper", "Émilie-du-C", "con-", "etc"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, said) in [
            ("", "it has no names: write one a line"),
            ("A\n\n...", "line 3: '...' has no letter or digit that a folder could be named after"),
            (
                "A B\na-b",
                "line 2: 'a-b' would get the same folder as line 1, 'a-b': add something that tells them apart",
            ),
        ] {
            assert_eq!(read(text), Err(said.to_owned()));
        }
        assert!(read(&"x".repeat(61)).is_err());
    }
}
