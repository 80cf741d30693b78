//! Where an object keeps how many of it there are.

use tollgate_api::Value;

/// The paths of the subresource `scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalePaths {
    spec_replicas: Vec<String>,
    status_replicas: Vec<String>,
    selector: Option<Vec<String>>,
}

fn parts(path: &str) -> Vec<String> {
    path.split('.').skip(1).map(str::to_owned).collect()
}

fn find<'v>(object: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(object, |value, key| value.get(key))
}

impl ScalePaths {
    /// Reads `subresources.scale`.
    pub fn read(scale: &Value) -> Self {
        Self {
            spec_replicas: parts(scale.str_or_empty("specReplicasPath")),
            status_replicas: parts(scale.str_or_empty("statusReplicasPath")),
            selector: scale
                .str("labelSelectorPath")
                .filter(|path| !path.is_empty())
                .map(parts),
        }
    }

    /// How many are wanted; none if the object does not say.
    pub fn wanted<'v>(&self, object: &'v Value) -> Option<&'v Value> {
        find(object, &self.spec_replicas)
    }

    /// How many there are.
    pub fn found<'v>(&self, object: &'v Value) -> Option<&'v Value> {
        find(object, &self.status_replicas)
    }

    /// The selector as text.
    pub fn selector<'v>(&self, object: &'v Value) -> Option<&'v str> {
        find(object, self.selector.as_ref()?)?.as_str()
    }

    /// The fields down to the number that is wanted.
    pub fn wanted_names(&self) -> impl Iterator<Item = &str> {
        self.spec_replicas.iter().map(String::as_str)
    }

    /// How errors name the number that is wanted.
    pub fn wanted_path(&self) -> String {
        format!(".{}", self.spec_replicas.join("."))
    }

    /// How errors name the number that is there.
    pub fn found_path(&self) -> String {
        format!(".{}", self.status_replicas.join("."))
    }

    /// Sets how many are wanted.
    pub fn set_wanted(&self, object: &mut Value, replicas: i64) {
        let Some((last, path)) = self.spec_replicas.split_last() else {
            return;
        };
        let mut place = object;
        for key in path {
            if place.get(key).and_then(Value::as_object).is_none() {
                place.set(key.as_str(), Value::object());
            }
            let Some(below) = place.get_mut(key) else {
                return;
            };
            place = below;
        }
        place.set(last.as_str(), replicas);
    }
}
