"""HTTP in general: problems, paging, dependencies, middleware. Knows no noun of the customer."""
