//! Which nodes are simulated: `--nodes`, `--node-capacity`, `--node-config`.

use super::{files, yaml};
use crate::args::ServeArgs;
use crate::env;
use anyhow::{Context as _, Result, anyhow, bail};
use std::path::Path;
use std::sync::Arc;
use tollgate_api::Release;
use tollgate_api::node_agent::NodeAgent;
use tollgate_api::usage_source::UsageSource;
use tollgate_controllers::clock::Clock;
use tollgate_controllers::node::config::{self, NodePlan};
use tollgate_controllers::node::resources::Resources;
use tollgate_controllers::node::{Kubelets, SimulatedAgent, SimulatedUsage};

/// The kubelets of the nodes that the flags ask for; none if there are to be no nodes.
pub(super) fn kubelets(args: &ServeArgs, release: Release) -> Result<Option<Arc<Kubelets>>> {
    let capacity = config::parse_capacity(&args.node_capacity)?;
    let plans = match (&args.node_config, args.nodes) {
        (Some(_), Some(_)) => bail!("--nodes and --node-config cannot stand together"),
        (Some(file), None) => nodes_of_file(file, &capacity)?,
        (None, nodes) => config::equal_nodes(nodes.unwrap_or(config::NODES_DEFAULT), capacity)?,
    };
    Ok((!plans.is_empty()).then(|| Arc::new(Kubelets::new(plans, release))))
}

/// Who answers for these nodes when the server is asked for logs and the like.
pub(super) fn agent(
    kubelets: Option<&Arc<Kubelets>>,
    system: &Arc<env::System>,
) -> Option<Arc<dyn NodeAgent>> {
    let kubelets = Arc::clone(kubelets?);
    let clock = Arc::clone(system) as Arc<dyn Clock>;
    Some(Arc::new(SimulatedAgent::new(kubelets, clock)))
}

/// Who says what is used on these nodes.
pub(super) fn usage(kubelets: Option<&Arc<Kubelets>>) -> Option<Arc<dyn UsageSource>> {
    let kubelets = Arc::clone(kubelets?);
    Some(Arc::new(SimulatedUsage::new(kubelets)))
}

fn nodes_of_file(file: &Path, capacity: &Resources) -> Result<Vec<NodePlan>> {
    let text = files::read(file)?;
    let context = || format!("--node-config: `{}`", file.display());
    let document = yaml::read(text.as_bytes())
        .map_err(|problem| anyhow!("{problem}"))
        .with_context(context)?;
    if let Some(duplicate) = document.duplicates.first() {
        bail!("{}: {duplicate}", context());
    }
    config::nodes_of_groups(&document.tree, capacity).with_context(context)
}
