"""What the portal and the agents say to each other. Pure: no HTTP, no clock, no disk, no Django.

`wire` names the doors and headers; `desired` is what the portal asks for; `report`, `inventory` and `usage` are what an
agent says; `answers` is what the portal says back; `words` is the list of condition types and reasons with meanings.
"""
