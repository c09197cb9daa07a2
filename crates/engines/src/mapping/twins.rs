//! Products of one name: no title tells them apart.
//!
//! Owns which products of a catalog those are: the same words, whatever their case and accents, for the same kind of body.
//! It must not know titles. Products for communes and for departments are told apart by the unit, and are none.

use super::mapper::{Body, body};
use crate::domain::CatalogProduct;
use crate::text::fold;
use std::collections::BTreeMap;

/// Groups of products of one name, by their places in the catalog.
pub fn of_one_name(catalog: &[CatalogProduct]) -> Vec<Vec<usize>> {
    let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, product) in catalog.iter().enumerate() {
        let folded = fold(&product.name);
        let words: Vec<&str> =
            folded.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        named.entry(words.join(" ")).or_default().push(place);
    }
    let named = named.into_values().filter(|places| places.len() > 1);
    named.flat_map(|places| of_one_body(catalog, &places)).collect()
}

/// The same of products of one name: those for communes, and those for departments, each with those for all.
fn of_one_body(catalog: &[CatalogProduct], places: &[usize]) -> Vec<Vec<usize>> {
    let for_body = |other: Body| -> Vec<usize> {
        let is_for = |place: &&usize| catalog.get(**place).is_some_and(|one| body(&one.applies_to) != other);
        places.iter().filter(is_for).copied().collect()
    };
    let mut groups = [Body::Commune, Body::Department].map(for_body).to_vec();
    groups.dedup();
    groups.retain(|group| group.len() > 1);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn products(named: &[(&str, &str)]) -> Vec<CatalogProduct> {
        let bytes = include_bytes!("../../../../config/catalog-example.csv");
        let some = crate::catalog::read(bytes, "catalog-example.csv").expect("the example catalog is valid");
        let of = |(mut product, (name, body)): (CatalogProduct, &(&str, &str))| {
            (product.name, product.applies_to) = ((*name).to_owned(), (*body).to_owned());
            product
        };
        some.into_iter().zip(named).map(of).collect()
    }

    #[test]
    fn same_words_for_one_kind_of_body_are_one_name_and_others_are_not() {
        let all = products(&[
            ("Đăng ký khai sinh", ""),
            ("Trả lời đơn", "commune"),
            ("ĐĂNG KÝ  khai-sinh", ""),
            ("Trả lời đơn", "province department"),
            ("Đăng ký khai tử", ""),
        ]);
        assert_eq!(of_one_name(&all), [vec![0, 2]]);
        let all = products(&[("Họp", "commune"), ("Họp", ""), ("Họp", "so")]);
        assert_eq!(of_one_name(&all), [vec![1, 2], vec![0, 1]]);
    }
}
