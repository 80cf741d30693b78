//! Lists whose items are texts already.

use super::text;
use tollgate_api::GroupVersionKind;

/// What a list says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListMeta<'m> {
    /// The state that was listed.
    pub resource_version: &'m str,
    /// The token for the next page, or empty.
    pub continue_token: &'m str,
    /// How many objects follow this page, if that is known.
    pub remaining_item_count: Option<i64>,
}

/// Appends the beginning of a list of `kind` (`PodList`) up to the bracket before its first item.
///
/// The items follow, separated by commas, then [`list_tail`]. A built-in kind begins with its kind, a custom list with its
/// version and items, whose metadata stand last, as upstream prints them.
pub fn list_head(kind: &GroupVersionKind, is_custom: bool, meta: &ListMeta<'_>, out: &mut Vec<u8>) {
    if is_custom {
        out.extend_from_slice(b"{\"apiVersion\":");
        text::string(out, &kind.api_version());
        out.extend_from_slice(b",\"items\":[");
        return;
    }
    out.extend_from_slice(b"{\"kind\":");
    text::string(out, &kind.kind);
    out.extend_from_slice(b",\"apiVersion\":");
    text::string(out, &kind.api_version());
    out.extend_from_slice(b",\"metadata\":");
    list_meta(meta, out);
    out.extend_from_slice(b",\"items\":[");
}

/// Appends the end of a list that [`list_head`] began.
pub fn list_tail(kind: &GroupVersionKind, is_custom: bool, meta: &ListMeta<'_>, out: &mut Vec<u8>) {
    if !is_custom {
        out.extend_from_slice(b"]}");
        return;
    }
    out.extend_from_slice(b"],\"kind\":");
    text::string(out, &kind.kind);
    out.extend_from_slice(b",\"metadata\":{\"continue\":");
    text::string(out, meta.continue_token);
    if let Some(count) = meta.remaining_item_count {
        out.extend_from_slice(b",\"remainingItemCount\":");
        text::integer(out, count);
    }
    out.extend_from_slice(b",\"resourceVersion\":");
    text::string(out, meta.resource_version);
    out.extend_from_slice(b"}}");
}

/// Appends the metadata of a list of a built-in kind or of a Table.
pub fn list_meta(meta: &ListMeta<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    let mut named = |name: &str, write: &dyn Fn(&mut Vec<u8>)| {
        if out.last() != Some(&b'{') {
            out.push(b',');
        }
        out.extend_from_slice(name.as_bytes());
        write(out);
    };
    if !meta.resource_version.is_empty() {
        named("\"resourceVersion\":", &|out| {
            text::string(out, meta.resource_version);
        });
    }
    if !meta.continue_token.is_empty() {
        named("\"continue\":", &|out| {
            text::string(out, meta.continue_token);
        });
    }
    if let Some(count) = meta.remaining_item_count {
        named("\"remainingItemCount\":", &|out| text::integer(out, count));
    }
    out.push(b'}');
}

/// The text of an object of `kind` behind its kind and version, as it stands in a list after `{`.
///
/// Items of a built-in kind do not repeat them; a text that does not begin with them stays as it is, without its brace.
pub fn without_type<'t>(kind: &GroupVersionKind, text: &'t [u8]) -> &'t [u8] {
    let rest = |text: &'t [u8], prefix: &str| text.strip_prefix(prefix.as_bytes());
    let inner = rest(text, "{").unwrap_or(text);
    let after_kind = rest(inner, "\"kind\":\"")
        .and_then(|text| rest(text, &kind.kind))
        .and_then(|text| rest(text, "\",\"apiVersion\":\""));
    after_kind
        .and_then(|text| rest(text, &kind.api_version()))
        .and_then(|text| rest(text, "\","))
        .unwrap_or(inner)
}
