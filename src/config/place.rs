//! Where the configuration is looked for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where the configuration is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file; `None` where there is no home.
    pub path: Option<PathBuf>,
    /// Whether somebody named it: then it has to be there.
    pub named: bool,
    /// What `~` stands for.
    pub home: Option<PathBuf>,
}

impl Place {
    /// `named` on the command line, or `CONVSCOPE_CONFIG`, or `convscope/config.toml` in `XDG_CONFIG_HOME` or
    /// `~/.config`.
    pub fn of(named: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = set("HOME");
        if let Some(path) = named.map(Path::to_owned).or_else(|| set("CONVSCOPE_CONFIG")) {
            return Self { path: Some(path), named: true, home };
        }
        // A relative one is to be ignored (XDG Base Directory Specification).
        let folder = set("XDG_CONFIG_HOME").filter(|folder| folder.is_absolute());
        let folder = folder.or_else(|| Some(home.as_ref()?.join(".config")));
        Self { path: folder.map(|folder| folder.join("convscope/config.toml")), named: false, home }
    }

    /// The place as this process sees it.
    pub fn here(named: Option<&Path>) -> Self {
        Self::of(named, |name| std::env::var_os(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: (&str, &str) = ("HOME", "/home/u");

    /// What is named, the variables, the path, and whether it has to be there.
    type Row = (Option<&'static str>, &'static [(&'static str, &'static str)], &'static str, bool);

    #[test]
    fn the_one_that_was_named_comes_first() {
        let place = |named: Option<&str>, variables: &[(&str, &str)]| {
            let place = Place::of(named.map(Path::new), |name| {
                variables.iter().find(|row| row.0 == name).map(|row| OsString::from(row.1))
            });
            (place.path.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default(), place.named)
        };
        let rows: &[Row] = &[
            (None, &[HOME], "/home/u/.config/convscope/config.toml", false),
            (None, &[HOME, ("XDG_CONFIG_HOME", "/x")], "/x/convscope/config.toml", false),
            (None, &[HOME, ("XDG_CONFIG_HOME", "x")], "/home/u/.config/convscope/config.toml", false),
            (None, &[HOME, ("XDG_CONFIG_HOME", "")], "/home/u/.config/convscope/config.toml", false),
            (None, &[HOME, ("CONVSCOPE_CONFIG", "c.toml")], "c.toml", true),
            (None, &[HOME, ("CONVSCOPE_CONFIG", "")], "/home/u/.config/convscope/config.toml", false),
            (Some("d.toml"), &[HOME, ("CONVSCOPE_CONFIG", "c.toml")], "d.toml", true),
            (None, &[], "", false),
        ];
        for (named, variables, path, is_named) in rows {
            assert_eq!(place(*named, variables), ((*path).to_owned(), *is_named), "{named:?} {variables:?}");
        }
    }
}
