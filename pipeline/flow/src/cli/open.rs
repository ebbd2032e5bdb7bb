//! Command line and configuration to the surroundings of a run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use luheng_lake::catalog::CatalogFiles;
use luheng_lake::columns::{Day, day};
use luheng_lake::schema::{Codes, Fault, Schema};
use luheng_lake::store::key::{self, Algorithm, KeySource, PseudonymKey};
use luheng_lake::store::keyring;
use luheng_lake::store::lock::lock;
use luheng_lake::store::paths::Work;
use luheng_lake::store::seal::{Encrypt, Seals};
use luheng_lake::store::text;

use super::Common;
use crate::config::Config;
use crate::context::Context;
use crate::driver::Pool;
use crate::error::{Error, Result};
use crate::rating::Ratings;

/// What a verb works with.
pub struct Opened {
    /// Surroundings of the run.
    pub ctx: Context,
    /// The configuration file, if there is one.
    pub config_file: Option<PathBuf>,
    /// Folder of exports, if one is named.
    pub input: Option<PathBuf>,
}

impl Common {
    /// The configuration: the file named, else `luheng.toml` here, else the empty one.
    pub fn config(&self) -> Result<(Config, Option<PathBuf>)> {
        let file = match &self.config {
            Some(named) if !named.is_file() => {
                return Err(Error::Config(format!(
                    "--config: {} is not a file; name a configuration file, or leave --config out",
                    named.display()
                )));
            }
            Some(named) => Some(named.clone()),
            None => Some(PathBuf::from("luheng.toml")).filter(|file| file.is_file()),
        };
        let config = match &file {
            Some(path) => {
                Config::parse(&text::read_to_string(path).map_err(|e| Error::Config(e.to_string()))?, &path.display().to_string())?
            }
            None => Config::default(),
        };
        Ok((config, file))
    }

    /// Configuration, catalog, day and work folder.
    pub fn open(&self) -> Result<Opened> {
        let (config, config_file) = self.config()?;
        let as_of = self.day(&config)?;
        self.open_on(config, config_file, as_of)
    }

    /// As [`Self::open`], for verbs that only read what a run left.
    pub fn open_reading(&self) -> Result<Opened> {
        let (config, config_file) = self.config()?;
        let as_of = self.day(&config).unwrap_or_default();
        self.open_on(config, config_file, as_of)
    }

    fn open_on(&self, config: Config, config_file: Option<PathBuf>, as_of: Day) -> Result<Opened> {
        let beside = |path: &PathBuf| beside(config_file.as_deref(), path);
        let input = self.input.clone().or_else(|| config.input.as_ref().map(beside));
        let mut files = CatalogFiles::embedded();
        if let Some(folder) = &config.catalog {
            files = files.overlay(&beside(folder)).map_err(|e| Error::Config(e.to_string()))?;
        }
        let schema = Schema::load(&files).map_err(faults)?;
        let codes = Codes::load(&files).map_err(faults)?;
        let ratings = Ratings::load(&files, &config)?;
        let (seed, buckets) = (config.seed, config.buckets);
        let ctx = Context {
            config,
            schema,
            codes,
            files,
            ratings,
            work: Work::at(self.work.clone()),
            seals: Seals::default(),
            as_of,
            seed,
            buckets,
            range_bytes: Pool::new(self.jobs()?, Vec::new(), self.memory()?).range_bytes(),
        };
        Ok(Opened { ctx, config_file, input })
    }

    fn day(&self, config: &Config) -> Result<Day> {
        let Some(text) = self.as_of.as_ref().or(config.as_of.as_ref()) else {
            return Err(Error::Usage(
                "--as-of: no day given; name one as --as-of YYYY-MM-DD or as_of in the configuration (the clock is never the date)".into(),
            ));
        };
        day::parse(text).ok_or_else(|| Error::Usage(format!("--as-of: found \"{text}\", expected a day as YYYY-MM-DD")))
    }

    /// The child processes of a run.
    pub fn pool(&self, opened: &Opened) -> Result<Pool> {
        let mut arguments: Vec<OsString> = vec!["--work".into(), self.work.clone().into()];
        if let Some(file) = &opened.config_file {
            arguments.extend(["--config".into(), file.clone().into()]);
        }
        arguments.extend(["--as-of".into(), day::format(opened.ctx.as_of).into()]);
        let jobs = self.jobs()?;
        if let Some(memory) = &self.memory {
            // A child takes its share of it.
            arguments.extend(["--memory".into(), memory.into(), "--jobs".into(), jobs.to_string().into()]);
        }
        Ok(Pool::new(jobs, arguments, self.memory()?))
    }

    /// How many children are wanted: as many as there are cores, where nothing is said.
    fn jobs(&self) -> Result<usize> {
        match self.jobs {
            Some(0) => Err(Error::Usage("--jobs: found 0, expected at least 1".into())),
            Some(jobs) => Ok(jobs),
            None => Ok(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)),
        }
    }

    /// The memory to stay within, in bytes.
    pub fn memory(&self) -> Result<Option<u64>> {
        let Some(text) = &self.memory else { return Ok(None) };
        let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let unit: u64 = match text[at..].trim() {
            "" | "B" => 1,
            "K" | "KiB" | "KB" => 1 << 10,
            "M" | "MiB" | "MB" => 1 << 20,
            "G" | "GiB" | "GB" => 1 << 30,
            other => return Err(Error::Usage(format!("--memory: found unit \"{other}\", expected KiB, MiB or GiB"))),
        };
        let number: u64 =
            text[..at].parse().map_err(|_| Error::Usage(format!("--memory: found \"{text}\", expected a size such as 2GiB")))?;
        Ok(Some(number.saturating_mul(unit)))
    }
}

impl Opened {
    /// The folder of exports.
    pub fn input(&self) -> Result<PathBuf> {
        self.input.clone().ok_or_else(|| {
            Error::Usage("--input: no folder of exports given; name one as --input DIR or input in the configuration".into())
        })
    }

    /// The pseudonym key.
    pub fn key(&self) -> Result<PseudonymKey> {
        let identity = &self.ctx.config.identity;
        let key_file = identity.key_file.as_deref().map(|path| beside(self.config_file.as_deref(), path));
        let algorithm = Algorithm::of(&identity.pseudonym).unwrap_or_default();
        Ok(key::load(&KeySource { key_file, sample_key: identity.sample_key.clone(), algorithm })?)
    }

    /// The file of the master key, if the configuration names one.
    pub fn master_file(&self) -> Option<PathBuf> {
        self.ctx.config.encryption.master_key_file.as_deref().map(|path| beside(self.config_file.as_deref(), path))
    }

    /// With the keys to make a run; none is made. Children call it too: keys reach them by no argument and no file of the run.
    pub fn with_keys(mut self) -> Result<Self> {
        self.ctx.seals = keyring::open(&self.ctx.work, self.ctx.config.encrypt(), self.master_file().as_ref())?;
        Ok(self)
    }

    /// With the keys of an ingest that its parent has made.
    pub fn with_ingest_keys(mut self) -> Result<Self> {
        self.ctx.seals = keyring::open_with_vault(&self.ctx.work, self.ctx.config.encrypt(), self.master_file().as_ref())?;
        Ok(self)
    }

    /// With the keys to read what is there, however it is encrypted.
    pub fn with_reading_keys(mut self) -> Result<Self> {
        self.ctx.seals = keyring::open(&self.ctx.work, Encrypt::None, self.master_file().as_ref())?;
        Ok(self)
    }

    /// With the keys to read what is there and to compare it with an export: where a work folder has keys, those of the vault too.
    pub fn with_checking_keys(self) -> Result<Self> {
        if keyring::Keyring::read(&self.ctx.work)?.is_none() {
            return self.with_reading_keys();
        }
        let seals = keyring::open_with_vault(&self.ctx.work, Encrypt::None, self.master_file().as_ref())?;
        Ok(Self { ctx: Context { seals, ..self.ctx }, ..self })
    }

    /// With the keys of an ingest, made where they are missing.
    pub fn with_new_keys(mut self) -> Result<Self> {
        let _lock = lock(&self.ctx.work)?;
        self.ctx.seals = keyring::prepare(&self.ctx.work, self.ctx.config.encrypt(), self.master_file().as_ref())?;
        Ok(self)
    }
}

/// A path of the configuration: beside its file unless absolute.
fn beside(config_file: Option<&Path>, path: &Path) -> PathBuf {
    config_file.and_then(Path::parent).map_or_else(|| path.to_path_buf(), |folder| folder.join(path))
}

fn faults(faults: Vec<Fault>) -> Error {
    Error::Config(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}
