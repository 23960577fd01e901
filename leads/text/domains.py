"""Domains: which part of one was registered by somebody."""

from functools import lru_cache

from tldextract import TLDExtract

# By the list that comes with the package: nothing is fetched, nothing is written. Private suffixes count, so that two
# firms at one provider (a.github.io, b.github.io) are two.
EXTRACT = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


@lru_cache(maxsize=4096)
def registrable(domain: str) -> str:
    """mihon.co.jp of shop.mihon.co.jp. Empty for what nobody registered: a suffix, an address of a machine."""
    found = EXTRACT(domain.casefold())
    if found.suffix:
        return found.top_domain_under_public_suffix
    # No list knows its end: then the end is what stands behind the last dot, as the rules of the list have it.
    labels = [label for label in (found.subdomain.rpartition(".")[2], found.domain) if label]
    return ".".join(labels) if len(labels) == 2 else ""
