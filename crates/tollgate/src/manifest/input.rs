//! Where manifests come from: files, folders, standard input.

use super::split::Source;
use ignore::{DirEntry, Walk, WalkBuilder};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The largest source that is read.
///
/// A source is in memory as a whole. This is ten times the largest export anybody has shown us.
pub const SOURCE_BYTES_MAX: u64 = 1 << 30;

/// The name of standard input, as an argument and in messages.
pub const STDIN: &str = "-";

/// A source that could not be read. The others are not affected.
#[derive(Debug, thiserror::Error)]
#[error("cannot read `{name}`: {problem}")]
pub struct InputError {
    /// The path, or `-`.
    pub name: String,
    /// What the system said.
    #[source]
    pub problem: io::Error,
}

/// The sources that these arguments name, one after another; only one is in memory unless the caller keeps it.
///
/// A file is read whatever its name; of a folder, recursively, the files whose names end in `.yaml`, `.yml` or `.json`,
/// in the order of their paths, without hidden ones and those that a `.gitignore` names. Symbolic links to files are
/// followed, those to folders are not (as in kubectl), so that no loop can arise. `-` is standard input.
pub fn sources<P: Into<PathBuf>>(arguments: impl IntoIterator<Item = P>) -> Sources {
    let mut arguments: Vec<PathBuf> = arguments.into_iter().map(Into::into).collect();
    arguments.reverse();
    Sources {
        arguments,
        walk: None,
    }
}

/// The iterator that [`sources`] returns.
pub struct Sources {
    /// What is still to be looked at, the first last.
    arguments: Vec<PathBuf>,
    walk: Option<(PathBuf, Walk)>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sources")
            .field("arguments", &self.arguments)
            .finish_non_exhaustive()
    }
}

impl Iterator for Sources {
    type Item = Result<Source, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((root, walk)) = &mut self.walk {
                match walk.next() {
                    Some(Ok(entry)) if is_manifest(&entry) => return Some(read_file(entry.path())),
                    Some(Ok(_)) => continue,
                    Some(Err(error)) => return Some(Err(walk_error(root, error))),
                    None => self.walk = None,
                }
            }
            let argument = self.arguments.pop()?;
            if argument == Path::new(STDIN) {
                return Some(read_stdin());
            }
            if !argument.is_dir() {
                return Some(read_file(&argument));
            }
            let walk = walk(&argument);
            self.walk = Some((argument, walk));
        }
    }
}

fn walk(folder: &Path) -> Walk {
    WalkBuilder::new(folder)
        .require_git(false)
        // What is read must not depend on whose machine it is.
        .git_global(false)
        .git_exclude(false)
        .ignore(false)
        .sort_by_file_path(Path::cmp)
        .build()
}

/// Whether a file of a folder is read: by its name, if it is a file or a link to something that is no folder.
fn is_manifest(entry: &DirEntry) -> bool {
    let extension = entry.path().extension().and_then(std::ffi::OsStr::to_str);
    let Some(kind) = entry.file_type() else {
        return false;
    };
    matches!(extension, Some("yaml" | "yml" | "json"))
        && (kind.is_file() || kind.is_symlink() && !entry.path().is_dir())
}

fn walk_error(root: &Path, error: ignore::Error) -> InputError {
    let mut path = root.to_owned();
    let mut error = error;
    loop {
        error = match error {
            ignore::Error::WithPath { path: place, err } => {
                path = place;
                *err
            }
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
                *err
            }
            ignore::Error::Io(problem) => return input_error(&path, problem),
            other => return input_error(&path, io::Error::other(other.to_string())),
        };
    }
}

fn read_file(path: &Path) -> Result<Source, InputError> {
    let open = || {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        read_bounded(file, metadata.len())
    };
    match open() {
        Ok(bytes) => Ok(Source {
            name: path.display().to_string(),
            bytes,
        }),
        Err(problem) => Err(input_error(path, problem)),
    }
}

fn read_stdin() -> Result<Source, InputError> {
    match read_bounded(io::stdin().lock(), 0) {
        Ok(bytes) => Ok(Source {
            name: STDIN.to_owned(),
            bytes,
        }),
        Err(problem) => Err(input_error(Path::new(STDIN), problem)),
    }
}

fn read_bounded(source: impl Read, expected: u64) -> io::Result<Vec<u8>> {
    let room = expected.min(SOURCE_BYTES_MAX).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or(0));
    let read = source.take(SOURCE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > SOURCE_BYTES_MAX {
        let message = format!("larger than {SOURCE_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

fn input_error(path: &Path, problem: io::Error) -> InputError {
    InputError {
        name: path.display().to_string(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A folder of its own for a test, removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("tollgate-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, path: &str) -> &Self {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, path.display().to_string()).unwrap();
            self
        }

        fn names(&self, arguments: &[&str]) -> Vec<String> {
            let arguments: Vec<_> = arguments.iter().map(|path| self.0.join(path)).collect();
            let prefix = self.0.display().to_string();
            sources(arguments)
                .map(|source| match source {
                    Ok(source) => source.name,
                    Err(error) => error.to_string(),
                })
                .map(|name| name.replace(&format!("{prefix}/"), ""))
                .collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn folders_are_walked_in_order_and_files_are_taken_as_they_are() {
        let folder = Folder::new("walk");
        folder
            .write("app/b.yaml")
            .write("app/a/z.json")
            .write("app/a.yml");
        folder
            .write("app/README.md")
            .write("app/.hidden.yaml")
            .write("app/skipped/x.yaml");
        fs::write(folder.0.join("app/.gitignore"), "skipped/\n").unwrap();
        folder.write("values.txt");
        assert_eq!(
            folder.names(&["values.txt", "app", "app/skipped/x.yaml"]),
            [
                "values.txt",
                "app/a/z.json",
                "app/a.yml",
                "app/b.yaml",
                "app/skipped/x.yaml"
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_named_and_the_rest_goes_on() {
        let folder = Folder::new("missing");
        folder.write("b.yaml");
        assert_eq!(
            folder.names(&["a.yaml", "b.yaml"]),
            [
                "cannot read `a.yaml`: No such file or directory (os error 2)",
                "b.yaml"
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_cannot_loop() {
        use std::os::unix::fs::symlink;
        let folder = Folder::new("links");
        folder.write("app/a.yaml");
        symlink(folder.0.join("app"), folder.0.join("app/again.yaml")).unwrap();
        symlink(folder.0.join("app/b.yaml"), folder.0.join("app/b.yaml")).unwrap();
        symlink(folder.0.join("app/a.yaml"), folder.0.join("app/c.yaml")).unwrap();
        let names = folder.names(&["app"]);
        assert_eq!(names.len(), 3, "{names:?}");
        assert_eq!(
            (names[0].as_str(), names[2].as_str()),
            ("app/a.yaml", "app/c.yaml")
        );
        assert!(
            names[1].starts_with("cannot read `app/b.yaml`: "),
            "{names:?}"
        );
    }
}
