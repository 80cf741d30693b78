//! `authorizer`: what a user may do, asked step by step, as in
//! `authorizer.group('').resource('pods').namespace('a').check('get').allowed()`.

use super::adapt::{argument, member, opaque, own, said, text, wrap, yes};
use crate::auth::Authorizer;
use ::cel::common::types::{STRING_TYPE, Type};
use ::cel::objects::Opaque;
use ::cel::{Context, Env};
use tollgate_api::UserInfo;
use tollgate_policy::rbac::{Access, ResourceAccess};

const QUESTION: &str = "kubernetes.authorization.Authorizer";
const ANSWER: &str = "kubernetes.authorization.Decision";

/// A question that is being put together.
#[derive(Debug, Clone)]
struct Question {
    authorizer: Authorizer,
    user: UserInfo,
    path: String,
    group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        let words = |question: &Self| {
            [
                question.path.clone(),
                question.group.clone(),
                question.resource.clone(),
                question.subresource.clone(),
                question.namespace.clone(),
                question.name.clone(),
            ]
        };
        self.user == other.user && words(self) == words(other)
    }
}

impl Eq for Question {}

impl Opaque for Question {
    fn runtime_type_name(&self) -> &'static str {
        QUESTION
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    allowed: bool,
    reason: String,
}

impl Opaque for Answer {
    fn runtime_type_name(&self) -> &'static str {
        ANSWER
    }
}

fn question() -> Type {
    opaque(QUESTION)
}

fn answer() -> Type {
    opaque(ANSWER)
}

/// Binds `authorizer`, and the question about what is requested.
pub(crate) fn bind(
    context: &mut Context<'static, 'static>,
    authorizer: &Authorizer,
    user: &UserInfo,
    requested: &ResourceAccess<'_>,
) {
    let mut question = Question {
        authorizer: authorizer.clone(),
        user: user.clone(),
        path: String::new(),
        group: String::new(),
        resource: String::new(),
        subresource: String::new(),
        namespace: String::new(),
        name: String::new(),
    };
    context.add_variable_from_value("authorizer", wrap(question.clone()));
    requested.group.clone_into(&mut question.group);
    requested.resource.clone_into(&mut question.resource);
    requested.subresource.clone_into(&mut question.subresource);
    requested.namespace.clone_into(&mut question.namespace);
    requested.name.clone_into(&mut question.name);
    context.add_variable_from_value("authorizer.requestResource", wrap(question));
}

/// Declares a step that adds one word to the question.
macro_rules! step {
    ($environment:expr, $name:literal, $place:ident) => {
        member!($environment, $name, question(), [STRING_TYPE], |given| {
            let mut question = own::<Question>(given, 0)?.clone();
            text(given, 1)?.clone_into(&mut question.$place);
            Ok(wrap(question))
        });
    };
}

pub(super) fn add(environment: &mut Env) {
    step!(environment, "path", path);
    step!(environment, "group", group);
    step!(environment, "resource", resource);
    step!(environment, "subresource", subresource);
    step!(environment, "namespace", namespace);
    step!(environment, "name", name);
    add_selectors(environment);
    member!(
        environment,
        "serviceAccount",
        question(),
        [STRING_TYPE, STRING_TYPE],
        |given| {
            let mut question = own::<Question>(given, 0)?.clone();
            question.user = UserInfo::service_account(text(given, 1)?, text(given, 2)?);
            Ok(wrap(question))
        }
    );
    member!(environment, "check", question(), [STRING_TYPE], |given| {
        Ok(wrap(ask(own::<Question>(given, 0)?, text(given, 1)?)))
    });
    member!(environment, "allowed", answer(), [], |given| {
        yes(own::<Answer>(given, 0)?.allowed)
    });
    member!(environment, "reason", answer(), [], |given| {
        said(own::<Answer>(given, 0)?.reason.as_str())
    });
    // Nobody who is asked here can fail to answer.
    member!(environment, "errored", answer(), [], |_| yes(false));
    member!(environment, "error", answer(), [], |_| said(""));
}

/// No authorizer of ours decides by selectors, so a question is answered as if it had none, which is what upstream's
/// RBAC does.
fn add_selectors(environment: &mut Env) {
    member!(
        environment,
        "fieldSelector",
        question(),
        [STRING_TYPE],
        |given| { Ok(argument(given, 0)?.clone()) }
    );
    member!(
        environment,
        "labelSelector",
        question(),
        [STRING_TYPE],
        |given| { Ok(argument(given, 0)?.clone()) }
    );
}

fn ask(question: &Question, verb: &str) -> Answer {
    let access = if question.path.is_empty() {
        Access::Resource(ResourceAccess {
            verb,
            group: &question.group,
            resource: &question.resource,
            subresource: &question.subresource,
            namespace: &question.namespace,
            name: &question.name,
            field_selector: "",
        })
    } else {
        Access::NonResource {
            verb,
            path: &question.path,
        }
    };
    let decision = question.authorizer.authorize(&question.user, &access);
    Answer {
        allowed: decision.allowed,
        reason: decision.reason,
    }
}
