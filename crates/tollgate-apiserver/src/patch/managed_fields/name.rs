//! The name of a manager that gives none.

use tollgate_api::go_format::is_printable;

/// The longest name of a manager, in bytes.
const NAME_MAX: usize = 128;

/// What stands before the first `/` of a User-Agent, without characters that cannot be printed.
pub fn manager_of(user_agent: &str) -> String {
    let name = user_agent.split('/').next().unwrap_or_default();
    let mut manager = String::new();
    for character in name.chars().filter(|character| is_printable(*character)) {
        if manager.len().saturating_add(character.len_utf8()) > NAME_MAX {
            break;
        }
        manager.push(character);
    }
    manager
}
