"""The sections of `madang.yaml` as records, a file for each; `config.settings` puts them together."""
