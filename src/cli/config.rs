//! `convscope config`: the configuration as it is in force, or where it is looked for.

use std::io::Write;

use anyhow::bail;

use super::ConfigArgs;
use crate::config::{Config, Place};

pub(super) fn run(args: &ConfigArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    if args.place {
        let Some(path) = Place::here(args.config.path.as_deref()).path else {
            bail!("neither XDG_CONFIG_HOME nor HOME is set; name a file with --config");
        };
        writeln!(out, "{}", path.display())?;
        return Ok(());
    }
    write!(out, "{}", Config::load(args.config.path.as_deref())?.to_toml())?;
    Ok(())
}
