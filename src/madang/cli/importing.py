"""`madang import`: what comes from another system, a file per kind."""

import click

from madang.cli.import_litellm import litellm
from madang.cli.import_usage import usage

command = click.Group("import", commands=[litellm, usage], help="Bring in what another system has.")
