//! What it costs to read one manifest: a Deployment of about two kilobytes, in the block style of most.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use std::sync::Arc;
use tollgate::manifest::{Document, Source, split};

fn main() {
    divan::main();
}

fn deployment() -> String {
    let mut text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n  labels:\n    app: web\n\
                    spec:\n  replicas: 3\n  selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      \
                    labels:\n        app: web\n    spec:\n      containers:\n"
        .to_owned();
    for name in ["web", "proxy", "logs"] {
        text.push_str(&format!(
            "      - name: {name}\n        image: registry.example/{name}:1.2.3\n        args: [\"--listen=:8080\", --verbose]\n        \
             ports:\n        - name: http\n          containerPort: 8080 # behind the service\n        env:\n        - name: MODE\n          \
             value: production\n        resources:\n          requests:\n            cpu: 100m\n            memory: 128Mi\n          \
             limits:\n            memory: 256Mi\n        securityContext:\n          allowPrivilegeEscalation: false\n          \
             capabilities:\n            drop: ['ALL']\n"
        ));
    }
    text
}

fn document(text: &str) -> Option<Document> {
    split(Arc::new(Source {
        name: "web.yaml".to_owned(),
        bytes: text.as_bytes().to_vec(),
    }))
    .next()
}

fn read(bencher: Bencher<'_, '_>, text: &str, read: impl Fn(&Document) -> bool) {
    let Some(document) = document(text) else {
        return;
    };
    assert!(read(&document), "the document cannot be read this way");
    bencher
        .counter(BytesCount::of_str(text))
        .bench_local(|| read(black_box(&document)));
}

#[divan::bench]
fn yaml_fast(bencher: Bencher<'_, '_>) {
    read(bencher, &deployment(), |document| {
        document.read_fast().is_some()
    });
}

#[divan::bench]
fn yaml_full(bencher: Bencher<'_, '_>) {
    read(bencher, &deployment(), |document| {
        document.read_fully().is_ok()
    });
}

#[divan::bench]
fn json(bencher: Bencher<'_, '_>) {
    let tree = document(&deployment()).and_then(|document| document.read().ok());
    let text = tree.unwrap_or_default().to_string();
    read(bencher, &text, |document| document.read().is_ok());
}

#[divan::bench]
fn split_a_thousand(bencher: Bencher<'_, '_>) {
    let text = format!("{}---\n", deployment()).repeat(1000);
    let source = Arc::new(Source {
        name: "all.yaml".to_owned(),
        bytes: text.into_bytes(),
    });
    bencher
        .counter(BytesCount::new(source.bytes.len()))
        .bench_local(|| split(black_box(Arc::clone(&source))).count());
}
