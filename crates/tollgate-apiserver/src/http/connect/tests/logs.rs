//! `pods/log`.

use super::server::{Running, message};
use tokio::io::AsyncReadExt as _;

const POD: &str = "GET /api/v1/namespaces/a/pods";

#[tokio::test]
async fn the_log_is_plain_text_as_its_options_want_it() {
    let server = Running::start(true).await;
    let log = async |query: &str| {
        let (code, text) = server.get(&format!("{POD}/{query}")).await;
        assert_eq!(code, 200, "{text}");
        text
    };
    let all = log("one/log").await;
    assert_eq!(all.lines().count(), 10);
    assert!(all.starts_with("one/c 0\none/c 1\n"), "{all}");
    assert_eq!(log("one/log?tailLines=1").await, "one/c 9\n");
    assert_eq!(log("one/log?tailLines=0").await, "");
    assert_eq!(log("one/log?sinceSeconds=2").await, "one/c 8\none/c 9\n");
    let since = log("one/log?sinceTime=2026-01-15T12:00:09Z&timestamps=true").await;
    assert_eq!(since, "2026-01-15T12:00:09Z one/c 9\n");
    assert_eq!(log("one/log?limitBytes=9").await, "one/c 0\no");
    assert_eq!(log("two/log?container=b&tailLines=1").await, "two/b 9\n");
    assert_eq!(
        log("two/log?container=b&previous=true").await,
        "from before\n"
    );
    let followed = log("one/log?follow=true&tailLines=1").await;
    assert_eq!(followed, "one/c 9\nand then\n");
}

#[tokio::test]
async fn a_log_that_is_followed_comes_as_it_is_written() {
    let mut server = Running::start(true).await;
    let request = format!("{POD}/endless/log?follow=true&tailLines=0");
    let (code, head, mut stream) = server.ask("reader", &request, "").await;
    assert_eq!(code, 200);
    assert!(head.contains("content-type: text/plain\r\n"), "{head}");
    let mut piece = [0; 14];
    stream.read_exact(&mut piece).await.unwrap();
    assert_eq!(&piece, b"9\r\nand then\n\r\n");
    drop(stream);
    server.hears("log").await;
}

#[tokio::test]
async fn what_has_no_log_says_so_in_upstreams_words() {
    let server = Running::start(true).await;
    let refusal = async |query: &str| server.refusal(&format!("{POD}/{query}")).await;
    let bad = |text: &str| (400, text.to_owned());
    assert_eq!(
        refusal("none/log").await,
        (404, "pods \"none\" not found".to_owned())
    );
    assert_eq!(
        refusal("two/log").await,
        bad(
            "a container name must be specified for pod two, choose one of: [a b] or one of the init containers: [first]"
        )
    );
    assert_eq!(
        refusal("two/log?container=x").await,
        bad("container x is not valid for pod two")
    );
    assert_eq!(
        refusal("two/log?container=first").await,
        bad("container \"first\" in pod \"two\" is not available")
    );
    assert_eq!(
        refusal("one/log?previous=true").await,
        bad("previous terminated container \"c\" in pod \"one\" not found")
    );
    assert_eq!(
        refusal("new/log").await,
        bad("container \"c\" in pod \"new\" is waiting to start: ContainerCreating")
    );
    assert_eq!(
        refusal("stuck/log").await,
        bad(
            "container \"c\" in pod \"stuck\" is waiting to start: trying and failing to pull image"
        )
    );
    assert_eq!(
        refusal("lost/log").await,
        (404, "nodes \"gone\" not found".to_owned())
    );
    assert_eq!(
        refusal("dark/log").await,
        (
            500,
            "Get \"https://off:10250/containerLogs/a/dark/c\": off is switched off".to_owned()
        )
    );
    assert_eq!(
        refusal("rotated/log").await,
        (
            404,
            "the server could not find the requested resource ( pods/log rotated)".to_owned()
        )
    );
    // Upstream has nothing to say of a pod that is nowhere.
    assert_eq!(
        server.get(&format!("{POD}/free/log")).await,
        (204, String::new())
    );
}

#[tokio::test]
async fn options_that_make_no_sense_are_all_told() {
    let server = Running::start(true).await;
    let refusal = async |query: &str| server.refusal(&format!("{POD}/one/log?{query}")).await;
    let invalid = |why: &str| (422, format!("PodLogOptions \"one\" is invalid: {why}"));
    assert_eq!(
        refusal("tailLines=-1&sinceSeconds=0").await,
        invalid(
            "[tailLines: Invalid value: -1: must be greater than or equal to 0, sinceSeconds: Invalid value: 0: must be greater than 0]"
        )
    );
    assert_eq!(
        refusal("limitBytes=0").await,
        invalid("limitBytes: Invalid value: 0: must be greater than 0")
    );
    assert_eq!(
        refusal("sinceSeconds=1&sinceTime=2026-01-15T12:00:00Z").await,
        invalid(": Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified")
    );
    assert_eq!(
        refusal("stream=Stdout").await,
        invalid("stream: Forbidden: may not be specified")
    );
    let (code, text) = refusal("tailLines=x").await;
    assert_eq!(
        (code, text.as_str()),
        (400, "strconv.ParseInt: parsing \"x\": invalid syntax")
    );
    assert_eq!(refusal("sinceTime=x").await.0, 400);
}

#[tokio::test]
async fn nobody_reads_logs_without_the_right_to_it() {
    let server = Running::start(true).await;
    let path = format!("{POD}/one/log?tailLines=1");
    assert_eq!(server.get_as("reader", &path).await.0, 200);
    let (code, body) = server.get_as("nobody", &path).await;
    assert_eq!(code, 403);
    assert_eq!(
        message(&body),
        "pods \"one\" is forbidden: User \"nobody\" cannot get resource \"pods/log\" in API group \"\" in the namespace \"a\""
    );
    let server = Running::start(false).await;
    assert_eq!(
        server.refusal(&path).await,
        (
            500,
            "Get \"https://n1:10250/containerLogs/a/one/c\": no agent answers for node \"n1\""
                .to_owned()
        )
    );
}
