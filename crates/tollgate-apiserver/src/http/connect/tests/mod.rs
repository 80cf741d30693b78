//! Logs, commands, ports and proxies as clients see them: a server in this process, over TLS, with a node from memory.

mod agent;
mod commands;
mod hostile;
mod logs;
mod ports;
mod proxies;
mod server;
