//! `luheng key` and `luheng bucket-of`: what a scheduler asks of pseudonyms, without ever showing the key.

use clap::Args;
use luheng_lake::bucket::bucket_of;
use luheng_lake::store::key::KeyOrigin;

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

/// Prints where the key comes from and its id.
pub fn run(common: &Common) -> Result<()> {
    let key = common.open_reading()?.key()?;
    let origin = match key.origin() {
        KeyOrigin::Environment => "environment LUHENG_KEY".to_owned(),
        KeyOrigin::File(path) => format!("file {}", path.display()),
        KeyOrigin::Sample => "sample key of the configuration: imaginary people only".to_owned(),
        KeyOrigin::State { path, made } => {
            format!(
                "file {}{}",
                path.display(),
                if *made { " (made now; keep a copy: without it no later night can be joined to this lake)" } else { "" }
            )
        }
    };
    println!("key id  {}\nfrom    {origin}", key.key_id());
    Ok(())
}
