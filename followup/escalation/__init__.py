"""Nobody with a red flag is forgotten: a case climbs until a named person has taken over and closed it."""
