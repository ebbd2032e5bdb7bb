//! `luheng key` and `luheng bucket-of`: what a scheduler asks of pseudonyms and keys, without ever showing a key.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use luheng_lake::bucket::bucket_of;
use luheng_lake::store::key::{KEY_VARIABLE, KeyOrigin};
use luheng_lake::store::keyring::{self, Keyring};
use luheng_lake::store::lock::lock;
use luheng_lake::store::master::{self, MASTER_VARIABLE, NEW_MASTER_VARIABLE};

use super::Common;
use crate::error::{Error, Result};

/// `luheng bucket-of ID`.
#[derive(Debug, Args)]
pub struct BucketOf {
    /// A debtor id: 32 lower-case hex digits
    debtor_id: String,
}

impl BucketOf {
    /// Prints the bucket, as I/N.
    pub fn run(&self, common: &Common) -> Result<()> {
        let (config, _) = common.config()?;
        let is_id = self.debtor_id.len() == 32 && self.debtor_id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !is_id {
            return Err(Error::Usage("bucket-of: expected a debtor id of 32 lower-case hex digits".into()));
        }
        println!("{}/{}", bucket_of(&self.debtor_id, config.buckets), config.buckets);
        Ok(())
    }
}

/// `luheng key`, `luheng key rotate`.
#[derive(Debug, Args)]
pub struct Key {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Wraps the data keys by a new master key: LUHENG_NEW_MASTER_KEY, or a file, or one made in the user's state folder; no table is touched
    Rotate {
        /// A file of 64 hex digits, readable by its owner alone
        #[arg(long, value_name = "FILE")]
        new_key_file: Option<PathBuf>,
    },
}

impl Key {
    /// Prints what there is, or changes the master key.
    pub fn run(&self, common: &Common) -> Result<()> {
        match &self.action {
            None => show(common),
            Some(Action::Rotate { new_key_file }) => rotate(common, new_key_file.as_ref()),
        }
    }
}

/// Prints where the keys come from and their ids.
fn show(common: &Common) -> Result<()> {
    let opened = common.open_reading()?;
    let key = opened.key()?;
    println!("key id  {}, {}\nfrom    {}", key.key_id(), key.algorithm().name(), origin(key.origin(), KEY_VARIABLE));
    let Some(keyring) = Keyring::read(&opened.ctx.work)? else {
        println!("master  none yet in {}: the first ingest takes or makes it", opened.ctx.work.root.display());
        return Ok(());
    };
    println!("master  {}", keyring.master_id());
    for (purpose, id) in keyring.ids() {
        println!("data    {id} {purpose}");
    }
    let master = master::load(opened.master_file().as_ref(), Some(keyring.master_id()))?;
    println!("from    {}", origin(master.origin(), MASTER_VARIABLE));
    Ok(())
}

fn rotate(common: &Common, new_key_file: Option<&PathBuf>) -> Result<()> {
    let opened = common.open_reading()?;
    let (work, file) = (&opened.ctx.work, opened.master_file());
    let Some(keyring) = Keyring::read(work)? else {
        return Err(Error::Usage(format!("{}: there are no keys to wrap anew; the first ingest makes them", work.keys_json().display())));
    };
    let _lock = lock(work)?;
    // A key made here can take over only from one that was made here: the environment and the configuration win over the state folder.
    let may_make = std::env::var_os(MASTER_VARIABLE).is_none() && file.is_none();
    if may_make && new_key_file.is_none() {
        // Nothing is made for a rotation that cannot be.
        master::load(None, Some(keyring.master_id()))?;
    }
    let new = master::load_new(new_key_file, may_make)?.ok_or_else(|| {
        Error::Usage(format!(
            "key rotate: no new key given; set {NEW_MASTER_VARIABLE} (64 hex digits) or name a file as --new-key-file FILE: \
             the present one comes from {MASTER_VARIABLE} or [encryption] master_key_file, which would win over one made now"
        ))
    })?;
    let before = keyring.master_id().to_owned();
    if !keyring::rotate(work, |id| master::load(file.as_ref(), Some(id)), &new)? {
        println!("master  {} already", new.id());
        return Ok(());
    }
    println!("master  {before} -> {}\nfrom    {}", new.id(), origin(new.origin(), NEW_MASTER_VARIABLE));
    match new.origin() {
        KeyOrigin::State { .. } => println!("keep a copy of it; the old one opens this work folder no longer"),
        _ => println!("from now on it is {MASTER_VARIABLE} or [encryption] master_key_file; the old one opens this work folder no longer"),
    }
    Ok(())
}

fn origin(origin: &KeyOrigin, variable: &str) -> String {
    match origin {
        KeyOrigin::Environment => format!("environment {variable}"),
        KeyOrigin::File(path) => format!("file {}", path.display()),
        KeyOrigin::Sample => "sample key of the configuration: imaginary people only".to_owned(),
        KeyOrigin::State { path, made } => {
            format!(
                "file {}{}",
                path.display(),
                if *made { " (made now; keep a copy: without it no later night can be joined to this work folder)" } else { "" }
            )
        }
    }
}
