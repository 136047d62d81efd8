"""`madang import`: what comes from another system, a file per kind."""

import click

from madang.cli.import_usage import usage

command = click.Group("import", commands=[usage], help="Bring in what another system has.")
