"""Where parameters, tags and metric points lie: tables of their own, beside the record."""
