"""Programs and fonts of this machine: found, run within bounds, their failures said in our words."""
