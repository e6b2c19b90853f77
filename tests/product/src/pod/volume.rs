//! What a Pod's volumes hold, written into folders: Secrets and ConfigMaps, whole, in parts, and projected into one.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use k8s_openapi::api::core::v1::{ConfigMap, KeyToPath, Secret, Volume};
use kube::{Api, Client};

use crate::Error;

/// Where the volumes of a Pod get their content.
#[derive(Debug)]
pub(super) struct Sources {
    secrets: Api<Secret>,
    config_maps: Api<ConfigMap>,
    namespace: String,
    pod: String,
}

type Files = BTreeMap<String, Vec<u8>>;

impl Sources {
    pub(super) fn new(client: Client, namespace: &str, pod: &str) -> Self {
        Self {
            secrets: Api::namespaced(client.clone(), namespace),
            config_maps: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
        }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// What a Pod has that no process of this machine can be given.
    pub(super) fn unknown(&self, what: &str) -> Error {
        Error::Pod { pod: format!("{}/{}", self.namespace, self.pod), what: what.to_owned() }
    }

    /// Makes the folder of a volume anew.
    pub(super) async fn write(&self, volume: &Volume, folder: &Path) -> Result<(), Error> {
        let files = self.files(volume).await?;
        let written = || {
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
            fs::create_dir_all(folder)?;
            for (path, content) in files {
                let file = folder.join(path);
                fs::create_dir_all(file.parent().unwrap_or(folder))?;
                fs::write(file, content)?;
            }
            Ok(())
        };
        written().map_err(|source| not_written(folder, source))
    }

    async fn files(&self, volume: &Volume) -> Result<Files, Error> {
        if volume.empty_dir.is_some() {
            return Ok(Files::new());
        }
        if let Some(source) = &volume.secret {
            let name = source.secret_name.clone().unwrap_or_default();
            return self.secret(&name, source.items.as_deref(), source.optional).await;
        }
        if let Some(source) = &volume.config_map {
            return self.config_map(&source.name, source.items.as_deref(), source.optional).await;
        }
        let Some(projected) = &volume.projected else {
            return Err(self.unknown(&format!("the kind of volume {}", volume.name)));
        };
        let mut files = Files::new();
        for source in projected.sources.iter().flatten() {
            match (&source.secret, &source.config_map) {
                (Some(secret), None) => {
                    files.extend(self.secret(&secret.name, secret.items.as_deref(), secret.optional).await?);
                }
                (None, Some(map)) => {
                    files.extend(self.config_map(&map.name, map.items.as_deref(), map.optional).await?);
                }
                _ => return Err(self.unknown(&format!("a source of volume {}", volume.name))),
            }
        }
        Ok(files)
    }

    async fn secret(
        &self,
        name: &str,
        items: Option<&[KeyToPath]>,
        optional: Option<bool>,
    ) -> Result<Files, Error> {
        let data = self.secrets.get_opt(name).await?.map(|secret| secret.data.unwrap_or_default());
        let data = data.map(|data| data.into_iter().map(|(key, value)| (key, value.0)).collect());
        self.chosen(&format!("Secret {name}"), data, items, optional)
    }

    async fn config_map(
        &self,
        name: &str,
        items: Option<&[KeyToPath]>,
        optional: Option<bool>,
    ) -> Result<Files, Error> {
        let data = self.config_maps.get_opt(name).await?.map(|map| map.data.unwrap_or_default());
        let data = data.map(|data| data.into_iter().map(|(key, value)| (key, value.into_bytes())).collect());
        self.chosen(&format!("ConfigMap {name}"), data, items, optional)
    }

    fn chosen(
        &self,
        what: &str,
        data: Option<Files>,
        items: Option<&[KeyToPath]>,
        optional: Option<bool>,
    ) -> Result<Files, Error> {
        let optional = optional.unwrap_or(false);
        let Some(mut data) = data else {
            return if optional {
                Ok(Files::new())
            } else {
                Err(self.unknown(&format!("{what}, which is missing")))
            };
        };
        let Some(items) = items else { return Ok(data) };
        let mut files = Files::new();
        for item in items {
            match data.remove(&item.key) {
                Some(content) => drop(files.insert(item.path.clone(), content)),
                None if optional => {}
                None => return Err(self.unknown(&format!("{what}, which has no key {}", item.key))),
            }
        }
        Ok(files)
    }

    /// The text under a key of a Secret.
    pub(super) async fn secret_text(&self, name: &str, key: &str) -> Result<String, Error> {
        let secret = self.secrets.get(name).await?;
        crate::handed::text(&secret, key).ok_or_else(|| self.unknown(&format!("key {key} of Secret {name}")))
    }
}

/// Shows the folder of a volume at another place, too.
pub(super) fn link(folder: &Path, place: &Path) -> Result<(), Error> {
    let linked = || {
        fs::create_dir_all(place.parent().unwrap_or(place))?;
        if place.is_symlink() { Ok(()) } else { symlink(folder, place) }
    };
    linked().map_err(|source| not_written(place, source))
}

fn not_written(place: &Path, source: std::io::Error) -> Error {
    Error::File { what: format!("{} cannot be made", place.display()), source }
}
