//! Files of one volume that lie on or in one another: `warningsForOverlappingVirtualPaths`.

use tollgate_api::Value;
use tollgate_api::go_format::quote;

pub(super) fn collect(spec: &Value, warnings: &mut Vec<String>) {
    for volume in spec.items("volumes") {
        let name = volume.str_or_empty("name");
        for (sort, named, shown) in [
            ("configMap", "name", "ConfigMap"),
            ("secret", "secretName", "Secret"),
            ("downwardAPI", "", "DownwardAPI"),
        ] {
            let Some(source) = volume
                .get(sort)
                .filter(|source| source.get("items").is_some())
            else {
                continue;
            };
            let description = described(source, named, shown);
            let mut files = Files::default();
            for item in source.items("items") {
                let file = File::new(item.str_or_empty("path"), String::new());
                files.add(file, name, &description, warnings);
            }
        }
        if let Some(projected) = volume.get("projected") {
            collect_projected(projected, name, warnings);
        }
    }
}

/// `ConfigMap "name"`, or the sort alone if the source has no name.
fn described(source: &Value, named: &str, shown: &str) -> String {
    if named.is_empty() {
        shown.to_owned()
    } else {
        format!("{shown} {}", quote(source.str_or_empty(named)))
    }
}

fn collect_projected(projected: &Value, volume: &str, warnings: &mut Vec<String>) {
    let mut files = Files::default();
    // Upstream keeps the files of the source before if a source names none, and finds them once more.
    let mut of_source: Vec<File> = Vec::new();
    for source in projected.items("sources") {
        let is_empty = [
            "secret",
            "downwardAPI",
            "configMap",
            "serviceAccountToken",
            "clusterTrustBundle",
            "podCertificate",
        ]
        .into_iter()
        .all(|sort| source.get(sort).is_none());
        if is_empty {
            warnings.push(format!(
                "volume {} (Projected) has no sources provided",
                quote(volume)
            ));
            continue;
        }
        if let Some(found) = files_of(source) {
            of_source = found;
        }
        for file in &of_source {
            files.add(file.clone(), volume, "Projected", warnings);
        }
    }
}

fn files_of(source: &Value) -> Option<Vec<File>> {
    for (sort, named, shown) in [
        ("configMap", "name", "ConfigMap"),
        ("secret", "name", "Secret"),
        ("downwardAPI", "", "DownwardAPI"),
    ] {
        if let Some(object) = source.get(sort)
            && object.get("items").is_some()
        {
            let description = described(object, named, shown);
            let items = object.items("items").iter();
            return Some(
                items
                    .map(|item| File::new(item.str_or_empty("path"), description.clone()))
                    .collect(),
            );
        }
    }
    let token = source.get("serviceAccountToken")?;
    Some(vec![File::new(
        token.str_or_empty("path"),
        "ServiceAccountToken".to_owned(),
    )])
}

/// The path of a file and where the file comes from.
#[derive(Clone, PartialEq)]
struct File {
    path: String,
    source: String,
}

impl File {
    fn new(path: &str, source: String) -> Self {
        Self {
            path: path.trim_end_matches('/').to_owned(),
            source,
        }
    }

    fn printed(&self) -> String {
        if self.source.is_empty() {
            quote(&self.path)
        } else {
            format!("{} ({})", quote(&self.path), self.source)
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let within = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !self.path.is_empty()
            && !other.path.is_empty()
            && (within(&self.path, &other.path) || within(&other.path, &self.path))
    }
}

/// The files of one volume so far.
#[derive(Default)]
struct Files(Vec<File>);

impl Files {
    fn add(&mut self, file: File, volume: &str, description: &str, warnings: &mut Vec<String>) {
        for other in self.0.iter().filter(|other| file.overlaps(other)) {
            warnings.push(format!(
                "volume {} ({description}): overlapping paths: {} with {}",
                quote(volume),
                file.printed(),
                other.printed()
            ));
        }
        self.0.push(file);
    }
}
