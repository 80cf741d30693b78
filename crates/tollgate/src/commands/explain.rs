//! `tollgate explain [NAME]`: what a control guards, and an example that fails and one that passes.

use super::Exit;
use crate::diagnostics::finding::policy_id;
use std::io::{self, Write};
use tollgate_api::spelling::distance;
use tollgate_policy::{Control, Policy, control, resource_quota};

/// Longer names stand on a line of their own.
const ID_WIDTH_MAX: usize = 34;

/// Explains the control or quota key of that name, or lists all.
pub fn run(name: Option<&str>, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<Exit> {
    let Some(name) = name else {
        list(out)?;
        return Ok(Exit::Passed);
    };
    let mut found: Vec<&Control> = control::all()
        .filter(|control| is_called(control, name))
        .collect();
    if found.is_empty() && holds_a_name(name) {
        let id = resource_quota::control_of_key(name);
        let keys = resource_quota::CONTROLS.iter();
        found.extend(keys.filter(|control| control.id == id));
    }
    if found.is_empty() {
        write!(err, "error: no control or quota key is called `{name}`")?;
        let near = nearest(name);
        if !near.is_empty() {
            write!(err, "; did you mean `{}`?", near.join("`, `"))?;
        }
        writeln!(err, "\nhelp: `tollgate explain` lists them all")?;
        return Ok(Exit::NotJudged);
    }
    for (index, control) in found.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        explain(control, out)?;
    }
    Ok(Exit::Passed)
}

/// The policy as people know it.
pub const fn policy_name(policy: Policy) -> &'static str {
    match policy {
        Policy::PodSecurity => "Pod Security Standards",
        Policy::LimitRange => "LimitRange",
        Policy::ResourceQuota => "ResourceQuota",
        Policy::PodSecurityPolicy => "PodSecurityPolicy",
    }
}

/// Whether a quota key holds the name of something: `count/jobs.batch`, `requests.nvidia.com/gpu`, `hugepages-2Mi`.
fn holds_a_name(key: &str) -> bool {
    let bare = key.strip_prefix("requests.").unwrap_or(key);
    key.contains('/') || bare.starts_with("hugepages-")
}

fn is_called(control: &Control, name: &str) -> bool {
    let bare = name
        .strip_prefix(policy_id(control.policy))
        .and_then(|rest| rest.strip_prefix('/'));
    control.id.eq_ignore_ascii_case(bare.unwrap_or(name))
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    let controls: Vec<&Control> = control::all().collect();
    for (index, group) in controls.chunk_by(|a, b| a.policy == b.policy).enumerate() {
        let Some(first) = group.first() else { continue };
        let gap = if index > 0 { "\n" } else { "" };
        writeln!(out, "{gap}{}", policy_name(first.policy))?;
        let width = group
            .iter()
            .map(|control| control.id.len())
            .max()
            .unwrap_or_default();
        let width = width.min(ID_WIDTH_MAX);
        for control in group {
            if control.id.len() > width {
                writeln!(
                    out,
                    "  {}\n  {:width$}  {}",
                    control.id,
                    "",
                    sentence(control.guards)
                )?;
            } else {
                writeln!(out, "  {:width$}  {}", control.id, sentence(control.guards))?;
            }
        }
    }
    writeln!(
        out,
        "\n`tollgate explain NAME` tells more, with an example that fails and one that passes."
    )
}

/// What a control guards, as a table and a headline show it: a capital first, no full stop.
fn sentence(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

fn explain(control: &Control, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} ({})\n", control.id, policy_name(control.policy))?;
    writeln!(out, "  {}\n", sentence(control.guards))?;
    if control.fields.is_empty() {
        writeln!(out, "{:<10}the object itself, whatever is in it", "Fields")?;
    }
    for (index, field) in control.fields.iter().enumerate() {
        writeln!(out, "{:<10}{field}", if index == 0 { "Fields" } else { "" })?;
    }
    writeln!(out, "{:<10}{}", "Allowed", control.allowed)?;
    writeln!(out, "{:<10}{}", "Since", control.since)?;
    writeln!(out, "{:<10}{}", "Upstream", control.upstream)?;
    for (title, example) in [("Refused:", control.failing), ("Allowed:", control.passing)] {
        writeln!(out, "\n{title}\n")?;
        for line in example.trim_matches('\n').lines() {
            if line.is_empty() {
                writeln!(out)?;
            } else {
                writeln!(out, "    {line}")?;
            }
        }
    }
    Ok(())
}

/// Names that differ from `name` in a few letters, or hold it; the nearest first.
fn nearest(name: &str) -> Vec<&'static str> {
    const SHOWN_MAX: usize = 3;
    const NAME_BYTES_MAX: usize = 128;
    let name = name.to_ascii_lowercase();
    if name.is_empty() || name.len() > NAME_BYTES_MAX {
        return Vec::new();
    }
    let mut scored: Vec<(usize, &str)> = control::all()
        .filter_map(|control| {
            let id = control.id.to_ascii_lowercase();
            let distance = if id.contains(&name) {
                1
            } else {
                distance(&id, &name)
            };
            (distance <= 1 + name.len() / 4).then_some((distance, control.id))
        })
        .collect();
    scored.sort_unstable();
    scored.dedup_by_key(|(_, id)| *id);
    scored.truncate(SHOWN_MAX);
    scored.into_iter().map(|(_, id)| id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_names_in_them_are_explained_by_their_pattern() {
        for key in [
            "count/jobs.batch",
            "requests.nvidia.com/gpu",
            "hugepages-2Mi",
        ] {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            assert_eq!(
                run(Some(key), &mut out, &mut err).unwrap(),
                Exit::Passed,
                "{key}"
            );
            assert!(String::from_utf8(out).unwrap().contains("(ResourceQuota)"));
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_that_helps() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        assert_eq!(
            run(Some("no such thing"), &mut out, &mut err).unwrap(),
            Exit::NotJudged
        );
        assert!(out.is_empty());
        assert!(
            String::from_utf8(err)
                .unwrap()
                .contains("`tollgate explain` lists them all")
        );
    }
}
