//! The files that paths on the command line stand for.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The endings of manifests in folders; a file that is named is read whatever its ending.
const ENDINGS: &[&str] = &["yaml", "yml", "json"];

/// Something that can be read, as often as needed.
#[derive(Debug, Clone)]
pub struct Input {
    /// As the person named it; `<stdin>` for standard input.
    pub name: Arc<str>,
    /// How many bytes it had when it was found, if that can be known before it is read.
    pub size: Option<usize>,
    text: Text,
}

#[derive(Debug, Clone)]
enum Text {
    File(PathBuf),
    Memory(Arc<[u8]>),
}

/// A path that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The path.
    pub name: Arc<str>,
    /// Why.
    pub why: String,
}

impl Input {
    /// An input from memory.
    pub fn from_memory(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            size: Some(bytes.len()),
            text: Text::Memory(bytes.into()),
        }
    }

    /// Opens it at its beginning.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match &self.text {
            Text::File(path) => Box::new(File::open(path)?),
            Text::Memory(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
        })
    }
}

/// Finds the files behind `paths`: folders are walked in the order of names, `.gitignore` is honoured, links to folders
/// are not followed. `stdin` is read for `-`, once.
pub fn find(paths: &[PathBuf], mut stdin: impl Read) -> (Vec<Input>, Vec<Missing>) {
    let (mut inputs, mut missing) = (Vec::new(), Vec::new());
    let mut standard_input: Option<Input> = None;
    for path in paths {
        if path.as_os_str() == "-" {
            let input = standard_input.get_or_insert_with(|| {
                let mut bytes = Vec::new();
                if let Err(error) = stdin.read_to_end(&mut bytes) {
                    missing.push(Missing {
                        name: "<stdin>".into(),
                        why: error.to_string(),
                    });
                }
                Input::from_memory("<stdin>", bytes)
            });
            inputs.push(input.clone());
            continue;
        }
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => walk(path, &mut inputs, &mut missing),
            Ok(metadata) if metadata.is_file() => inputs.push(file(path, &metadata)),
            // A pipe (`<(kustomize build)`) can be read but once.
            Ok(_) => match std::fs::read(path) {
                Ok(bytes) => inputs.push(Input::from_memory(&name(path), bytes)),
                Err(error) => missing.push(Missing {
                    name: name(path),
                    why: error.to_string(),
                }),
            },
            Err(error) => missing.push(Missing {
                name: name(path),
                why: error.to_string(),
            }),
        }
    }
    (inputs, missing)
}

fn name(path: &Path) -> Arc<str> {
    path.to_string_lossy().into()
}

fn file(path: &Path, metadata: &Metadata) -> Input {
    let size = metadata.is_file().then_some(metadata.len());
    Input {
        name: name(path),
        size: size.and_then(|size| usize::try_from(size).ok()),
        text: Text::File(path.to_owned()),
    }
}

fn walk(folder: &Path, inputs: &mut Vec<Input>, missing: &mut Vec<Missing>) {
    let mut builder = ignore::WalkBuilder::new(folder);
    builder
        .hidden(false)
        .require_git(false)
        .sort_by_file_name(OsStr::cmp);
    builder.filter_entry(|entry| entry.file_name() != ".git");
    for entry in builder.build() {
        match entry {
            Ok(entry) => {
                let path = entry.path();
                let ending = path
                    .extension()
                    .and_then(|ending| ending.to_str())
                    .unwrap_or_default();
                let wanted = ENDINGS
                    .iter()
                    .any(|wanted| ending.eq_ignore_ascii_case(wanted));
                if !wanted {
                    continue;
                }
                // The target of a link counts.
                match std::fs::metadata(path) {
                    Ok(metadata) if metadata.is_file() => inputs.push(file(path, &metadata)),
                    Ok(_) => {}
                    Err(error) => missing.push(Missing {
                        name: name(path),
                        why: error.to_string(),
                    }),
                }
            }
            Err(error) => missing.push(Missing {
                name: name(folder),
                why: error.to_string(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(inputs: &[Input]) -> Vec<String> {
        inputs
            .iter()
            .map(|input| input.name.rsplit('/').next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn folders_are_walked_in_order_and_links_to_folders_are_not() {
        let folder = std::env::temp_dir().join(format!("tollgate-inputs-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("sub")).unwrap();
        for (path, text) in [
            ("b.yaml", ""),
            ("a.yml", ""),
            ("sub/c.json", ""),
            ("x.txt", ""),
            ("no.yaml", ""),
            (".gitignore", "no.yaml\n"),
        ] {
            std::fs::write(folder.join(path), text).unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(&folder, folder.join("loop")).unwrap();
        let (inputs, missing) = find(
            &[folder.clone(), folder.join("x.txt"), folder.join("none")],
            io::empty(),
        );
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(names(&inputs), ["a.yml", "b.yaml", "c.json", "x.txt"]);
        assert_eq!(missing.len(), 1);
    }

    #[test]
    fn standard_input_is_read_once() {
        let (inputs, _) = find(&["-".into(), "-".into()], "a: 1".as_bytes());
        let mut text = String::new();
        inputs[1].open().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((inputs.len(), text.as_str()), (2, "a: 1"));
    }
}
