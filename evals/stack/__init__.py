"""The composed service, started natively and held to its promises."""
