//! A client of a Kubernetes API server that knows no more than HTTP/1.1 over TLS: what tests and measurements send is
//! what they say, and its cost is small beside the server's.

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tollgate::manifest::{self, Source};
use tollgate_api::Value;

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// The user of the kubeconfig.
    Admin,
    /// Nobody, as far as TLS knows.
    Anonymous,
}

/// A server, and how to be believed there.
#[derive(Debug, Clone)]
pub struct Target {
    address: String,
    name: ServerName<'static>,
    admin: Arc<ClientConfig>,
    anonymous: Arc<ClientConfig>,
}

impl Target {
    /// The server that a kubeconfig names.
    pub fn from_kubeconfig(file: &Path) -> Result<Self> {
        let name = file.display().to_string();
        let bytes = std::fs::read(file).with_context(|| format!("cannot read `{name}`"))?;
        let document = manifest::split(Arc::new(Source { name, bytes })).next();
        let tree = document.context("the kubeconfig is empty")?.read();
        let tree = tree.map_err(|error| anyhow::anyhow!("{}", error.message))?;
        let text = |list: &str, path: [&str; 2]| {
            let first = tree.get(list).and_then(Value::as_array);
            let first = first.and_then(|items| items.first());
            let found = first.and_then(|first| first.at(&path)?.as_str());
            found.with_context(|| format!("the kubeconfig has no {}", path.join(".")))
        };
        let data = |list, path| anyhow::Ok(STANDARD.decode(text(list, path)?)?);
        let url = text("clusters", ["cluster", "server"])?;
        let address = url.strip_prefix("https://").context("no https")?;
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let mut roots = RootCertStore::empty();
        let authority = data("clusters", ["cluster", "certificate-authority-data"])?;
        roots.add(CertificateDer::from_pem_slice(&authority)?)?;
        let certificate = data("users", ["user", "client-certificate-data"])?;
        let key = data("users", ["user", "client-key-data"])?;
        let chain = vec![CertificateDer::from_pem_slice(&certificate)?];
        let admin = ClientConfig::builder()
            .with_root_certificates(roots.clone())
            .with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(&key)?)?;
        let anonymous = ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            address: address.to_owned(),
            name: ServerName::try_from(host.trim_matches(['[', ']']).to_owned())?,
            admin: Arc::new(admin),
            anonymous: Arc::new(anonymous),
        })
    }

    /// Where the server listens: `127.0.0.1:6443`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A new connection.
    pub fn connect(&self, who: Who) -> Result<Connection> {
        let config = match who {
            Who::Admin => &self.admin,
            Who::Anonymous => &self.anonymous,
        };
        let socket = TcpStream::connect(&self.address)?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        socket.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        let tls = ClientConnection::new(Arc::clone(config), self.name.clone())?;
        Ok(Connection {
            stream: BufReader::with_capacity(32 * 1024, StreamOwned::new(tls, socket)),
            host: self.address.clone(),
        })
    }

    /// Sends one request on a connection of its own.
    pub fn send(&self, who: Who, request: &Request<'_>) -> Result<Answer> {
        self.connect(who)?.send(request)
    }
}

/// What is sent.
#[derive(Debug, Clone, Default)]
pub struct Request<'r> {
    /// `GET`
    pub method: &'r str,
    /// The path with its query.
    pub path: &'r str,
    /// Headers beside `Host` and `Content-Length`.
    pub headers: Vec<(&'r str, &'r str)>,
    /// The body, if there is one.
    pub body: Option<&'r [u8]>,
}

impl<'r> Request<'r> {
    /// A request without a body.
    pub fn new(method: &'r str, path: &'r str) -> Self {
        Self {
            method,
            path,
            ..Self::default()
        }
    }

    /// A request with a JSON body.
    pub fn json(method: &'r str, path: &'r str, body: &'r str) -> Self {
        Self {
            method,
            path,
            headers: vec![("Content-Type", "application/json")],
            body: Some(body.as_bytes()),
        }
    }

    /// The same request with one more header.
    #[must_use]
    pub fn header(mut self, name: &'r str, value: &'r str) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// What came back.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The code.
    pub status: u16,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// Whether the connection ends with this answer.
    pub closes: bool,
}

impl Answer {
    /// The values of a header.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A connection that is kept alive.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    host: String,
}

impl Connection {
    /// Sends a request and waits for the answer.
    pub fn send(&mut self, request: &Request<'_>) -> Result<Answer> {
        // A server that refuses a body early answers and closes: the answer is worth more than the failure to send.
        let sent = self.write(request);
        let answer = if request.method == "HEAD" {
            self.read_head()
        } else {
            self.read()
        };
        match answer {
            Ok(answer) => Ok(answer),
            Err(error) => Err(sent.err().map_or(error, Into::into)),
        }
    }

    /// Writes a request without waiting for the answer.
    pub fn write(&mut self, request: &Request<'_>) -> io::Result<()> {
        let mut head = Vec::with_capacity(512);
        let (method, path) = (request.method, request.path);
        write!(head, "{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.host)?;
        for (name, value) in &request.headers {
            write!(head, "{name}: {value}\r\n")?;
        }
        let body = request.body.unwrap_or_default();
        if request.body.is_some() || matches!(method, "POST" | "PUT" | "PATCH") {
            write!(head, "Content-Length: {}\r\n", body.len())?;
        }
        head.extend_from_slice(b"\r\n");
        head.extend_from_slice(body);
        self.write_raw(&head)
    }

    /// Writes bytes that need be no request at all.
    pub fn write_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Reads an answer.
    pub fn read(&mut self) -> Result<Answer> {
        let mut answer = self.read_head()?;
        self.body(&mut answer)?;
        Ok(answer)
    }

    /// Reads an answer up to its body; that of a watch comes in chunks.
    pub fn read_head(&mut self) -> Result<Answer> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut answer = Answer {
            status: status.with_context(|| format!("no status line: `{first}`"))?,
            ..Answer::default()
        };
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').context("a header without a colon")?;
            let header = (name.to_owned(), value.trim().to_owned());
            answer.headers.push(header);
        }
        let closes = answer.header("Connection").any(|value| value == "close");
        answer.closes = closes;
        Ok(answer)
    }

    fn body(&mut self, answer: &mut Answer) -> Result<()> {
        let is_chunked = answer
            .header("Transfer-Encoding")
            .any(|value| value == "chunked");
        if is_chunked {
            while let Some(chunk) = self.chunk()? {
                answer.body.extend_from_slice(&chunk);
            }
            return Ok(());
        }
        let length = answer.header("Content-Length").next();
        let length: u64 = length.map_or(Ok(0), str::parse)?;
        let read = self
            .stream
            .by_ref()
            .take(length)
            .read_to_end(&mut answer.body)?;
        if u64::try_from(read)? < length {
            bail!("the answer ends early");
        }
        Ok(())
    }

    /// Reads a piece of a chunked body; none at its end.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let line = self.line()?;
        let length = line.split(';').next().unwrap_or_default();
        let length = usize::from_str_radix(length.trim(), 16)?;
        let mut chunk = vec![0; length];
        self.stream.read_exact(&mut chunk)?;
        self.line()?;
        Ok((length > 0).then_some(chunk))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("the server closed the connection");
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }
}
