//! `authorizer`: what a user may do, asked step by step, as in
//! `authorizer.group('').resource('pods').namespace('a').check('get').allowed()`.

use crate::auth::Authorizer;
use ::cel::extractors::This;
use ::cel::objects::{Opaque, ResolveResult};
use ::cel::{Context, ExecutionError, Value as CelValue};
use std::sync::Arc;
use tollgate_api::UserInfo;
use tollgate_policy::rbac::{Access, ResourceAccess};

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
        "kubernetes.authorization.Authorizer"
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    allowed: bool,
    reason: String,
}

impl Opaque for Answer {
    fn runtime_type_name(&self) -> &'static str {
        "kubernetes.authorization.Decision"
    }
}

/// Binds `authorizer`, and adds the functions on it.
pub(super) fn add(
    context: &mut Context<'static, 'static>,
    authorizer: &Authorizer,
    user: &UserInfo,
) {
    let question = Question {
        authorizer: authorizer.clone(),
        user: user.clone(),
        path: String::new(),
        group: String::new(),
        resource: String::new(),
        subresource: String::new(),
        namespace: String::new(),
        name: String::new(),
    };
    context.add_variable_from_value("authorizer", CelValue::Opaque(Arc::new(question)));
    step(context, "path", |question| &mut question.path);
    step(context, "group", |question| &mut question.group);
    step(context, "resource", |question| &mut question.resource);
    step(context, "subresource", |question| &mut question.subresource);
    step(context, "namespace", |question| &mut question.namespace);
    step(context, "name", |question| &mut question.name);
    let of_account = |This(this): This<CelValue>, namespace: Arc<String>, name: Arc<String>| {
        let mut question = question_of(&this)?;
        question.user = UserInfo::service_account(&namespace, &name);
        Ok(CelValue::Opaque(Arc::new(question)))
    };
    // A name that is taken keeps its meaning.
    let _ = context.add_function("serviceAccount", of_account);
    let check = |This(this): This<CelValue>, verb: Arc<String>| -> ResolveResult {
        let answer = ask(&question_of(&this)?, &verb);
        Ok(CelValue::Opaque(Arc::new(answer)))
    };
    let _ = context.add_function("check", check);
    let allowed = |This(this): This<CelValue>| -> ResolveResult {
        Ok(CelValue::Bool(answer_of(&this)?.allowed))
    };
    let _ = context.add_function("allowed", allowed);
    let reason = |This(this): This<CelValue>| -> ResolveResult {
        Ok(CelValue::from(answer_of(&this)?.reason))
    };
    let _ = context.add_function("reason", reason);
    let errored = |This(this): This<CelValue>| -> ResolveResult {
        answer_of(&this)?;
        Ok(CelValue::Bool(false))
    };
    let _ = context.add_function("errored", errored);
    let error = |This(this): This<CelValue>| -> ResolveResult {
        answer_of(&this)?;
        Ok(CelValue::from(""))
    };
    let _ = context.add_function("error", error);
}

/// A function that adds one word to the question.
fn step(
    context: &mut Context<'static, 'static>,
    name: &str,
    place: impl Fn(&mut Question) -> &mut String + Send + Sync + 'static,
) {
    let function = move |This(this): This<CelValue>, word: Arc<String>| -> ResolveResult {
        let mut question = question_of(&this)?;
        word.as_str().clone_into(place(&mut question));
        Ok(CelValue::Opaque(Arc::new(question)))
    };
    // A name that is taken keeps its meaning.
    let _ = context.add_function(name, function);
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

fn no_overload() -> ExecutionError {
    ExecutionError::function_error("authorizer", "no such overload")
}

fn question_of(value: &CelValue) -> Result<Question, ExecutionError> {
    match value {
        CelValue::Opaque(opaque) => opaque.downcast_ref::<Question>().cloned(),
        _ => None,
    }
    .ok_or_else(no_overload)
}

fn answer_of(value: &CelValue) -> Result<Answer, ExecutionError> {
    match value {
        CelValue::Opaque(opaque) => opaque.downcast_ref::<Answer>().cloned(),
        _ => None,
    }
    .ok_or_else(no_overload)
}
