"""Asked-for opinion: survey files now, CRM connectors later."""
