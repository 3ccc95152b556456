-- A neutralised copy tells no bank anything; pseudonyms that it makes up must not be those that the banks know.
UPDATE scf_bank
   SET pseudonym_secret_sealed = NULL;
