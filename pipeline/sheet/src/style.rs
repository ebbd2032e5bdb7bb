//! The style sheet as it goes into a page: written to be read, shrunk once per process, because a night may write 100,000 pages.

use std::sync::LazyLock;

/// The style sheet without comments and needless spaces.
pub(crate) fn small() -> &'static str {
    static SMALL: LazyLock<String> = LazyLock::new(|| shrink(include_str!("style.css")));
    &SMALL
}

/// Drops comments, folds white space, and removes it beside `{ } ; , >` and after `:`.
///
/// It keeps to what `style.css` uses: no strings with these signs in a row of spaces, no comment inside a string.
fn shrink(css: &str) -> String {
    let mut bare = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(at) = rest.find("/*") {
        bare.push_str(&rest[..at]);
        rest = rest[at..].find("*/").map_or("", |end| &rest[at + end + 2..]);
    }
    bare.push_str(rest);
    let mut out = String::with_capacity(bare.len());
    for word in bare.split_whitespace() {
        let glued = out.ends_with(['{', '}', ';', ',', '>', ':']) || word.starts_with(['{', '}', ';', ',', '>']);
        if !out.is_empty() && !glued {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Text that may stand in a CSS string inside a `<style>` element: anything that could end either is left out.
pub(crate) fn quotable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '"' | '\'' | '\\' | '<' | '>' | '&' | '{' | '}')).collect()
}

#[cfg(test)]
mod tests {
    use super::{quotable, shrink, small};

    #[test]
    fn shrinking_keeps_what_matters() {
        assert_eq!(shrink("/* why */ a , b > i {\n color : red; margin: 0 2px }"), "a,b>i{color :red;margin:0 2px}");
        assert_eq!(shrink("@media (max-width: 9px) {\n p { x: y }\n}"), "@media (max-width:9px){p{x:y}}");
        assert_eq!(shrink("a /* never closed"), "a");
    }

    #[test]
    fn the_style_is_small_and_calls_nobody() {
        let css = small();
        assert!(css.len() < 6_500, "{} bytes", css.len());
        assert_eq!(css.matches('{').count(), css.matches('}').count());
        assert!(!css.contains("url(") && !css.contains("http") && !css.contains("/*"));
        assert!(css.contains("@page{size:A4"));
    }

    #[test]
    fn a_running_head_cannot_break_out() {
        assert_eq!(quotable("（2025）浙0106执1号"), "（2025）浙0106执1号");
        assert_eq!(quotable("\"}</style><script>x\\\n"), "/stylescriptx");
    }
}
