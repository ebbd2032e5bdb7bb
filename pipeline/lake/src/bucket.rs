//! The one function that says in which bucket a debtor's rows lie, shared with Spark and Hive (`pmod(crc32(id), N)`).

use crate::error::{Result, explain};

/// The bucket of a `debtor_id`: IEEE CRC-32 of its UTF-8 bytes, unsigned, modulo `buckets`.
/// `buckets` of 0 reads as 1, so the function is total; [`check_buckets`] refuses it earlier.
pub fn bucket_of(debtor_id: &str, buckets: u32) -> u32 {
    crc32fast::hash(debtor_id.as_bytes()) % buckets.max(1)
}

/// Checks a configured bucket count: a power of two from 1 to 65,536.
pub fn check_buckets(buckets: u32) -> Result<()> {
    if buckets.is_power_of_two() && buckets <= 65_536 {
        return Ok(());
    }
    Err(explain("the bucket count cannot be used")
        .at("[lake] buckets")
        .found(buckets)
        .expected("a power of two from 1 to 65536")
        .remedy("64 serves up to some millions of debtors")
        .config())
}

/// The folder name of a bucket, `bucket=007`.
pub fn folder_name(bucket: u32) -> String {
    format!("bucket={bucket:03}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    #[test]
    fn the_crc_is_the_one_of_zlib_and_spark() {
        assert_eq!(crc32fast::hash(b"ABC"), 2_743_272_264);
        assert_eq!(bucket_of("ABC", 64), 2_743_272_264 % 64);
    }

    #[test]
    fn halving_the_buckets_joins_two_of_them() {
        for n in 0..200 {
            let id = format!("{n:032x}");
            assert_eq!(bucket_of(&id, 128) % 64, bucket_of(&id, 64));
        }
    }

    #[test]
    fn only_powers_of_two_are_accepted() {
        assert!(check_buckets(64).is_ok());
        assert_eq!(check_buckets(48).unwrap_err().exit_status(), 4);
        assert!(check_buckets(0).is_err());
    }
}
