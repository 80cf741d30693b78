//! The manifests behind the benchmark of `tollgate check`: the same bytes on every machine.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

const DEPLOYMENTS: usize = 10_000;
const NAMESPACES: usize = 50;

/// Writes `all.yaml` and, one file each, `files/` below the folder that the arguments name.
pub(crate) fn run(mut args: impl Iterator<Item = String>) -> Result<()> {
    let (Some(folder), number) = (args.next().map(PathBuf::from), args.next()) else {
        bail!("usage: cargo xtask corpus FOLDER [DEPLOYMENTS]");
    };
    let deployments = match number {
        Some(number) => number.parse().with_context(|| number.clone())?,
        None => DEPLOYMENTS,
    };
    let files = folder.join("files");
    std::fs::create_dir_all(&files).with_context(|| files.display().to_string())?;
    let mut all = String::new();
    for number in 0..deployments {
        let text = deployment(number);
        write(&files.join(format!("d{number:05}.yaml")), &text)?;
        if number > 0 {
            all.push_str("---\n");
        }
        all.push_str(&text);
    }
    write(&folder.join("all.yaml"), &all)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| path.display().to_string())
}

const TEMPLATE: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-@number@
  namespace: team-@namespace@
  labels:
    app.kubernetes.io/name: web-@number@
    app.kubernetes.io/part-of: shop
spec:
  replicas: @replicas@
  selector:
    matchLabels:
      app.kubernetes.io/name: web-@number@
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 25%
      maxUnavailable: 0
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web-@number@
        app.kubernetes.io/part-of: shop
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: "8080"
    spec:
      serviceAccountName: web
      automountServiceAccountToken: false
@of_pod@      initContainers:
      - name: migrate
        image: registry.example/shop/migrate:@number@
        args: ["--up", "--timeout=60s"]
@of_container@        resources:
          requests:
            cpu: 50m
            memory: 64Mi
          limits:
            memory: 128Mi
      containers:
      - name: web
        image: registry.example/shop/web:@number@
        ports:
        - containerPort: 8080
          name: http
        env:
        - name: DB_HOST
          value: db.team-@namespace@.svc
        - name: DB_PASSWORD
          valueFrom:
            secretKeyRef:
              name: db
              key: password
        readinessProbe:
          httpGet:
            path: /ready
            port: http
          periodSeconds: 5
        livenessProbe:
          httpGet:
            path: /live
            port: http
          initialDelaySeconds: 10
@of_container@        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            cpu: 500m
            memory: 256Mi
        volumeMounts:
        - name: tmp
          mountPath: /var/tmp
        - name: config
          mountPath: /etc/web
          readOnly: true
      - name: proxy
        image: registry.example/proxy:1.2
@of_container@        resources:
          requests:
            cpu: 10m
            memory: 32Mi
          limits:
            cpu: 100m
            memory: 64Mi
      volumes:
      - name: tmp
        emptyDir: {}
      - name: config
        configMap:
          name: web-config
"#;

const POD_CONTEXT: &str = "      securityContext:
        runAsNonRoot: true
        seccompProfile:
          type: RuntimeDefault
";

const CONTAINER_CONTEXT: &str = r#"        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop: ["ALL"]
"#;

/// A Deployment of two containers and an init container. Of three, one is fit for `restricted`, one lacks a security
/// context, and one also uses the namespaces of its node.
fn deployment(number: usize) -> String {
    let (of_pod, of_container) = match number % 3 {
        0 => (POD_CONTEXT, CONTAINER_CONTEXT),
        1 => ("", ""),
        _ => ("      hostNetwork: true\n      hostPID: true\n", ""),
    };
    TEMPLATE
        .replace("@of_pod@", of_pod)
        .replace("@of_container@", of_container)
        .replace("@number@", &number.to_string())
        .replace("@namespace@", &(number % NAMESPACES).to_string())
        .replace("@replicas@", &(1 + number % 5).to_string())
}
