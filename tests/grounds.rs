//! Every feature rests on an article that lets the court hold and use the fact, and that article is in the catalog as it ships.

use luheng::features;
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
    for feature in features::all() {
        let key = key(feature.ground);
        let article =
            law.article(&key).unwrap_or_else(|| panic!("{}: {} is no article of catalog/legal.toml ({key})", feature.id, feature.ground));
        let checked = article.checked.to_lowercase();
        let doubts = ["unsure", "memory", "[m]", "not read", "?"];
        assert!(checked.contains("domain.md") && doubts.iter().all(|d| !checked.contains(d)), "{}: {}", feature.id, article.checked);
        seen += 1;
    }
    assert!(seen >= 30, "{seen}");
}
