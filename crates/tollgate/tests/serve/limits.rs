//! A client that sends too much, too little or nonsense harms only itself.

use super::running::{Running, pod};
use std::io::Write as _;
use std::net::TcpStream;
use tollgate_testkit::client::{Request, Who};

const CONFIG_MAPS: &str = "/api/v1/namespaces/default/configmaps";

#[test]
fn bodies_that_are_too_large_or_too_deep_are_refused() {
    let server = Running::start("bodies", &[]);
    let large = format!(
        r#"{{"metadata":{{"name":"a"}},"data":{{"k":"{}"}}}}"#,
        "x".repeat(3 << 20)
    );
    let answer = server.send(&Request::json("POST", CONFIG_MAPS, &large));
    assert_eq!(answer.status, 413, "{}", answer.text());
    let deep = format!(
        r#"{{"metadata":{{"name":"a"}},"data":{}1{}}}"#,
        r#"{"k":"#.repeat(100_000),
        "}".repeat(100_000)
    );
    let answer = server.send(&Request::json("POST", CONFIG_MAPS, &deep));
    assert_eq!(answer.status, 400, "{}", answer.text());
    let lists = "[".repeat(1 << 20);
    let answer = server.send(&Request::json("POST", CONFIG_MAPS, &lists));
    assert_eq!(answer.status, 400, "{}", answer.text());
    let yaml = Request {
        headers: vec![("Content-Type", "application/yaml")],
        ..Request::json("POST", CONFIG_MAPS, &lists)
    };
    assert_eq!(server.send(&yaml).status, 400);
    assert_eq!(server.get("/version")["major"], "1");
}

#[test]
fn headers_without_end_are_refused() {
    let server = Running::start("headers", &[]);
    let long = "x".repeat(2 << 20);
    let request = Request::new("GET", "/version").header("X-Long", &long);
    let status = server
        .target
        .send(Who::Admin, &request)
        .map(|answer| answer.status);
    assert!(matches!(status, Ok(431) | Err(_)), "{status:?}");
    assert_eq!(server.get("/version")["major"], "1");
}

#[test]
fn a_request_takes_no_longer_than_its_client_lets_it() {
    let server = Running::start("deadline", &["--request-timeout=90s"]);
    let answer = server.send(&Request::new("GET", "/version?timeout=soon"));
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["message"],
        "invalid timeout specified in the request URL - time: invalid duration \"soon\""
    );
    // The body never comes.
    let mut connection = server.target.connect(Who::Admin).unwrap();
    let head =
        format!("POST {CONFIG_MAPS}?timeout=50ms HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
    connection.write_raw(head.as_bytes()).unwrap();
    let answer = connection.read().unwrap();
    assert_eq!(answer.status, 504);
    assert_eq!(
        answer.text(),
        "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"Timeout: request did not complete within the allotted timeout\",\"reason\":\"Timeout\",\"details\":{},\"code\":504}\n"
    );
    // A watch has no deadline but its own.
    let mut connection = server.target.connect(Who::Admin).unwrap();
    let watch = format!("{CONFIG_MAPS}?watch=true&timeout=1ms&timeoutSeconds=60");
    connection.write(&Request::new("GET", &watch)).unwrap();
    assert_eq!(connection.read_head().unwrap().status, 200);
    let body = r#"{"metadata":{"name":"late"}}"#;
    assert_eq!(
        server
            .send(&Request::json("POST", CONFIG_MAPS, body))
            .status,
        201
    );
    let event = String::from_utf8(connection.chunk().unwrap().unwrap()).unwrap();
    assert!(event.contains("\"ADDED\""), "{event}");
}

#[test]
fn a_client_has_only_so_many_connections() {
    let server = Running::start("connections", &["--max-connections-per-client=2"]);
    let version = Request::new("GET", "/version");
    let connect = || server.target.connect(Who::Admin).unwrap();
    let (mut first, mut second) = (connect(), connect());
    assert_eq!(first.send(&version).unwrap().status, 200);
    assert_eq!(second.send(&version).unwrap().status, 200);
    assert!(connect().send(&version).is_err());
    drop(first);
    // The server notices when it reads the end.
    let mut tries = (0..100_000).map(|_| connect().send(&version));
    assert!(tries.any(|answer| answer.is_ok()));
    assert_eq!(second.send(&version).unwrap().status, 200);
}

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        let count = u64::try_from(texts.len()).unwrap();
        texts[usize::try_from(self.next() % count).unwrap()]
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.next() % 300;
        (0..length).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

const METHODS: &[&str] = &[
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW",
];
const TYPES: &[&str] = &[
    "application/json",
    "application/yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "application/vnd.kubernetes.protobuf",
    "text/plain",
];
const QUERIES: &[&str] = &[
    "",
    "?limit=1&continue=zzzz",
    "?limit=-1",
    "?labelSelector=a%20in%20(",
    "?labelSelector=a!%3D%3D%3Db",
    "?fieldSelector=spec.nodeName%3D%2C%2C",
    "?resourceVersion=99999999999999999999",
    "?resourceVersion=1&resourceVersionMatch=Exact",
    "?dryRun=Some",
    "?fieldValidation=Loud",
    "?fieldManager=%00%ff",
    "?gracePeriodSeconds=0",
    "?watch=1&timeoutSeconds=1&resourceVersion=1",
    "?force=true&fieldManager=m",
    "?%zz=%",
];
const BODIES: &[&str] = &[
    "",
    "null",
    "[]",
    "{}",
    "\"\"",
    "{\"metadata\":[]}",
    "{\"spec\":{\"containers\":{\"a\":1}}}",
    "{\"metadata\":{\"name\":\"../x\"}}",
    "{\"kind\":\"Pod\",\"apiVersion\":\"v2\"}",
    "[{\"op\":\"remove\",\"path\":\"\"}]",
    "[{\"op\":\"copy\",\"from\":\"/spec\",\"path\":\"/spec/containers/-\"}]",
    "{\"spec\":{\"containers\":[{\"$patch\":\"delete\",\"name\":\"c\"}]}}",
    "{\"spec\":null}",
    "{\"metadata\":{\"finalizers\":[\"a/b\"]}}",
    "{\"status\":{\"phase\":\"Succeeded\"}}",
    "a: &a [*a]",
    "- - - - -",
    "{\"spec\":{\"hard\":{\"pods\":\"5\"}}}",
];

/// One request, valid, half valid or not at all.
fn path(chance: &mut Chance) -> String {
    let group = chance.one_of(&[
        "/api/v1",
        "/api/v1",
        "/apis/apps/v1",
        "/apis/nothing/v1",
        "/apis",
        "",
    ]);
    let resource = chance.one_of(&[
        "pods",
        "pods",
        "resourcequotas",
        "services",
        "deployments",
        "%2e%2e",
        "nothing",
    ]);
    let name = chance.one_of(&[
        "",
        "/p1",
        "/p2",
        "/q",
        "/p3/status",
        "/p1/eviction",
        "/p2/scale",
        "//",
        "/%00",
    ]);
    let query = chance.one_of(QUERIES);
    format!("{group}/namespaces/flood/{resource}{name}{query}")
}

fn flood(server: &Running, seed: u64) {
    let mut chance = Chance(seed);
    let mut connection = server.target.connect(Who::Admin).unwrap();
    for _ in 0..150 {
        if chance.next().is_multiple_of(20) {
            // Bytes that are no request, over TLS and without.
            let bytes = chance.bytes();
            let _ = connection.write_raw(&bytes);
            let mut plain = TcpStream::connect(server.target.address()).unwrap();
            let _ = plain.write_all(&bytes);
            connection = server.target.connect(Who::Admin).unwrap();
        }
        let path = path(&mut chance);
        let method = chance.one_of(METHODS);
        let text = match chance.next() % 4 {
            0 => pod(chance.one_of(&["p1", "p2", "p3", "p4", "p5"])).into_bytes(),
            1 => chance.bytes(),
            _ => chance.one_of(BODIES).as_bytes().to_vec(),
        };
        let request = Request {
            method,
            path: &path,
            headers: vec![
                ("Content-Type", chance.one_of(TYPES)),
                (
                    "Accept",
                    chance.one_of(&[
                        "application/json",
                        "*/*",
                        "x",
                        "application/vnd.kubernetes.protobuf",
                    ]),
                ),
            ],
            body: Some(&text),
        };
        // The server may hang up on what is no HTTP.
        if let Ok(answer) = connection.send(&request) {
            let text = answer.text();
            // Upstream's code for a revision that is no number.
            let is_theirs = text.contains("resourceVersion: Invalid value");
            let is_fine = answer.status != 500 || is_theirs;
            assert!(is_fine, "{method} {path}: {text}");
            if !answer.closes {
                continue;
            }
        }
        connection = server.target.connect(Who::Admin).unwrap();
    }
}

#[test]
fn a_flood_of_nonsense_leaves_the_server_up_and_quotas_exact() {
    let server = Running::start("flood", &[]);
    server.namespace("flood", "4");
    std::thread::scope(|scope| {
        for seed in 1..=8 {
            let server = &server;
            scope.spawn(move || flood(server, seed * 0x9e37_79b9));
        }
    });
    assert_eq!(server.get("/version")["major"], "1");
    let pods = server.get("/api/v1/namespaces/flood/pods");
    let running = pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|pod| {
            !matches!(
                pod["status"]["phase"].as_str(),
                Some("Succeeded" | "Failed")
            )
        })
        .count();
    let quotas = server.get("/api/v1/namespaces/flood/resourcequotas");
    for quota in quotas["items"].as_array().unwrap() {
        let used = &quota["status"]["used"]["pods"];
        assert_eq!(used.as_str(), Some(running.to_string().as_str()), "{quota}");
    }
}
