//! Every feature, and every act of a path, rests on an article that lets the court hold and use the fact, or the debtor do the thing, and that article is in the catalog as it ships.

use luheng::config::Config;
use luheng::features;
use luheng::rating::Ratings;
use luheng::suggest::law::Law;
use luheng_lake::catalog::CatalogFiles;

/// The key in `legal.toml` of a ground: `MSF 252` is `msf_252`; judicial interpretations without initials stand by their number.
fn key(ground: &str) -> String {
    let (text, article) = ground.rsplit_once(' ').unwrap_or_else(|| panic!("\"{ground}\" names no article"));
    let instrument = match text {
        "法释〔2015〕17号" => "limit".to_owned(),
        "法释〔2017〕7号" => "list".to_owned(),
        initials => initials.to_lowercase(),
    };
    format!("{instrument}_{article}")
}

#[test]
fn every_ground_is_an_article_that_ships_and_was_read() {
    let law = Law::load(&CatalogFiles::embedded()).unwrap();
    let mut seen = 0;
    let acts = Ratings::load(&CatalogFiles::embedded(), &Config::default()).unwrap().acts.acts;
    let grounds = features::all().map(|f| (f.id, f.ground)).chain(acts.iter().map(|a| (a.id.as_str(), a.ground.as_str())));
    for (id, ground) in grounds {
        let key = key(ground);
        let article = law.article(&key).unwrap_or_else(|| panic!("{id}: {ground} is no article of catalog/legal.toml ({key})"));
        let checked = article.checked.to_lowercase();
        let doubts = ["unsure", "memory", "[m]", "not read", "?"];
        assert!(checked.contains("domain.md") && doubts.iter().all(|d| !checked.contains(d)), "{id}: {}", article.checked);
        seen += 1;
    }
    assert!(seen >= 30, "{seen}");
}
