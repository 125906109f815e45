"""The clinic: its zone and hours, the line that is answered day and night, and the senders it texts from."""
