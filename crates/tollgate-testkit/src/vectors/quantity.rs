//! `quantity.jsonl`: parsing, arithmetic and the LimitRange constraints on single amounts.

use super::{Difference, Outcome, compare};
use tollgate_api::quantity::ParseQuantityError;
use tollgate_api::{Attributes, GroupResource, Operation, Quantity, Value};
use tollgate_policy::limit_range::{self, LimitRange};

/// Replays one case.
pub(super) fn run(case: &Value) -> Outcome {
    let text = |key| case.str_or_empty(key);
    match text("op") {
        "parse" => compare_parsed(case, Quantity::parse(text("in"))),
        "json" => match tollgate_api::json::from_str(text("in")) {
            Ok(_) => compare_parsed(case, Quantity::from_json(text("in"))),
            // Upstream's text is that of Go's JSON reader; that it is refused is what counts.
            Err(_) if case.get("error").is_some() => Ok(()),
            Err(error) => Err(Difference {
                expected: text("canonical").to_owned(),
                got: error.to_string(),
            }),
        },
        "add" => compare_result(case, amount(text("a"))?, Quantity::add),
        "sub" => compare_result(case, amount(text("a"))?, Quantity::sub),
        "neg" => compare_result(case, amount(text("a"))?, |a, _| a.neg()),
        "cmp" => {
            let order = amount(text("a"))?.compare(&amount(text("b"))?);
            compare(&text("out").to_owned(), &(order as i32).to_string())
        }
        "sum" => sum(case),
        "min" => constraint(case, "min"),
        "max" => constraint(case, "max"),
        "ratio" => constraint(case, "maxLimitRequestRatio"),
        other => Err(Difference {
            expected: "a known op".to_owned(),
            got: other.to_owned(),
        }),
    }
}

fn amount(text: &str) -> Result<Quantity, Difference> {
    Quantity::parse(text).map_err(|error| Difference {
        expected: text.to_owned(),
        got: error.to_string(),
    })
}

fn compare_parsed(case: &Value, parsed: Result<Quantity, ParseQuantityError>) -> Outcome {
    let expected = match case.str("error") {
        Some(error) => error.to_owned(),
        None => print_case(case, "canonical", true),
    };
    let got = match parsed {
        Err(error) => error.to_string(),
        Ok(q) => format!(
            "{q} {} {} {} {}",
            q.format().as_str(),
            q.value(),
            q.milli_value(),
            q.sign()
        ),
    };
    compare(&expected, &got)
}

fn print_case(case: &Value, canonical: &str, with_sign: bool) -> String {
    let mut text = format!(
        "{} {} {} {}",
        case.str_or_empty(canonical),
        case.str_or_empty("format"),
        case.str_or_empty("value"),
        case.str_or_empty("milli"),
    );
    if with_sign {
        text = format!("{text} {}", case.int("sign").unwrap_or(9));
    }
    text
}

fn compare_result(
    case: &Value,
    mut result: Quantity,
    operation: impl Fn(&mut Quantity, &Quantity),
) -> Outcome {
    let operand = match case.str("b") {
        Some(text) => amount(text)?,
        None => Quantity::default(),
    };
    operation(&mut result, &operand);
    compare(
        &format!(
            "{} {}",
            case.str_or_empty("out"),
            case.str_or_empty("format")
        ),
        &format!("{result} {}", result.format().as_str()),
    )
}

fn sum(case: &Value) -> Outcome {
    let mut args = case.items("args").iter().filter_map(Value::as_str);
    let mut sum = amount(args.next().unwrap_or_default())?;
    for arg in args {
        sum.add(&amount(arg)?);
    }
    compare(
        &print_case(case, "out", false),
        &format!(
            "{sum} {} {} {}",
            sum.format().as_str(),
            sum.value(),
            sum.milli_value()
        ),
    )
}

/// One constraint of type Container on cpu, and one container.
fn constraint(case: &Value, key: &'static str) -> Outcome {
    let amounts = |text: &str| -> Value {
        let amounts = (!text.is_empty()).then_some(("cpu", text));
        amounts.into_iter().collect()
    };
    let mut item = Value::object();
    item.set("type", "Container");
    item.set(key, amounts(case.str_or_empty("enforced")));
    let mut range = Value::object();
    range.child_mut("spec").set("limits", vec![item]);
    let mut container = Value::object();
    for (key, text) in [("limits", "limit"), ("requests", "request")] {
        let amounts = amounts(case.str_or_empty(text));
        container.child_mut("resources").set(key, amounts);
    }
    let mut pod = Value::object();
    pod.child_mut("spec").set("containers", vec![container]);
    let attributes = Attributes {
        operation: Operation::Create,
        resource: &GroupResource::new("", "pods"),
        subresource: "",
        namespace: "",
        name: "",
        user: None,
        object: Some(&pod),
        old_object: None,
        dry_run: false,
    };
    let got = match limit_range::validate(&[LimitRange::new(&range)], &attributes) {
        Ok(()) => String::new(),
        Err(refusal) => {
            let messages = refusal
                .violations
                .into_iter()
                .map(|violation| violation.message);
            messages.collect::<Vec<_>>().join(", ")
        }
    };
    compare(&case.str_or_empty("error").to_owned(), &got)
}
