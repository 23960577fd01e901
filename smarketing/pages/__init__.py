"""What all pages share: words, icons, the way around."""
