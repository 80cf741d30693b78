//! A LimitRange as the engine keeps it: amounts parsed once, constraints sorted by resource.

use compact_str::{CompactString, ToCompactString as _};
use tollgate_api::{Quantity, Value, resource_list};

/// A LimitRange, prepared for any number of requests.
#[derive(Debug, Clone)]
pub struct LimitRange {
    pub(super) name: String,
    /// Limits that containers get if they have none, by resource.
    pub(super) default_limits: Vec<Default>,
    /// Requests that containers get if they have none, by resource.
    pub(super) default_requests: Vec<Default>,
    /// The items of the three known types, in written order.
    pub(super) items: Vec<Item>,
}

/// An amount that containers get.
#[derive(Debug, Clone)]
pub(super) struct Default {
    pub(super) resource: CompactString,
    pub(super) amount: CompactString,
}

/// What an item constrains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemType {
    Container,
    Pod,
    PersistentVolumeClaim,
}

impl ItemType {
    fn parse(text: &str) -> Option<Self> {
        [Self::Container, Self::Pod, Self::PersistentVolumeClaim]
            .into_iter()
            .find(|item_type| item_type.as_str() == text)
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Container => "Container",
            Self::Pod => "Pod",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
        }
    }
}

/// One item of `spec.limits`.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// Its place in `spec.limits`.
    pub(super) index: usize,
    pub(super) judges: ItemType,
    /// Sorted by resource; upstream takes them in the random order of a map.
    pub(super) bounds: Vec<Bounds>,
}

/// The constraints of one item on one resource.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    pub(super) resource: CompactString,
    pub(super) min: Option<Amount>,
    pub(super) max: Option<Amount>,
    pub(super) max_limit_request_ratio: Option<Amount>,
}

/// An amount with the two numbers it is compared by.
#[derive(Debug, Clone)]
pub(super) struct Amount {
    pub(super) quantity: Quantity,
    pub(super) value: i64,
    pub(super) milli: i64,
}

impl From<Quantity> for Amount {
    fn from(quantity: Quantity) -> Self {
        Self {
            value: quantity.value(),
            milli: quantity.milli_value(),
            quantity,
        }
    }
}

impl LimitRange {
    /// Prepares a stored LimitRange. What is no amount is left out: decoding reports it.
    pub fn new(object: &Value) -> Self {
        let name = object
            .get("metadata")
            .map_or("", |metadata| metadata.str_or_empty("name"));
        let limits = object
            .get("spec")
            .map_or(&[][..], |spec| spec.items("limits"));
        let mut range = Self {
            name: name.to_owned(),
            default_limits: Vec::new(),
            default_requests: Vec::new(),
            items: Vec::new(),
        };
        for (index, limit) in limits.iter().enumerate() {
            let Some(item_type) = ItemType::parse(limit.str_or_empty("type")) else {
                continue;
            };
            if item_type == ItemType::Container {
                merge_defaults(&mut range.default_limits, limit.get("default"));
                merge_defaults(&mut range.default_requests, limit.get("defaultRequest"));
            }
            range.items.push(Item {
                index,
                judges: item_type,
                bounds: bounds(limit),
            });
        }
        range
    }

    /// The name of the LimitRange.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Adds the defaults of a further item, which win over those of earlier items.
fn merge_defaults(defaults: &mut Vec<Default>, list: Option<&Value>) {
    for (resource, quantity) in resource_list::amounts(list) {
        let amount = quantity.to_compact_string();
        match defaults.binary_search_by(|default| default.resource.as_str().cmp(resource)) {
            Ok(place) => {
                if let Some(default) = defaults.get_mut(place) {
                    default.amount = amount;
                }
            }
            Err(place) => defaults.insert(
                place,
                Default {
                    resource: resource.into(),
                    amount,
                },
            ),
        }
    }
}

fn bounds(limit: &Value) -> Vec<Bounds> {
    let mut bounds: Vec<Bounds> = Vec::new();
    let mut put = |key: &str, select: fn(&mut Bounds) -> &mut Option<Amount>| {
        for (resource, quantity) in resource_list::amounts(limit.get(key)) {
            let place = bounds
                .binary_search_by(|bounds| bounds.resource.as_str().cmp(resource))
                .unwrap_or_else(|place| {
                    bounds.insert(
                        place,
                        Bounds {
                            resource: resource.into(),
                            min: None,
                            max: None,
                            max_limit_request_ratio: None,
                        },
                    );
                    place
                });
            if let Some(bounds) = bounds.get_mut(place) {
                *select(bounds) = Some(Amount::from(quantity));
            }
        }
    };
    put("min", |bounds| &mut bounds.min);
    put("max", |bounds| &mut bounds.max);
    put("maxLimitRequestRatio", |bounds| {
        &mut bounds.max_limit_request_ratio
    });
    bounds
}
