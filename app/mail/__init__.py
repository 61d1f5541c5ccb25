"""Mail in and out: raw bytes first, then a ticket or a reply; outgoing mail through the outbox."""
