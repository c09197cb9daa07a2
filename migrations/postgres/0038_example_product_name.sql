-- What a product is called where an example comes from: its code may be another product in a catalog here.
ALTER TABLE mapping_example ADD COLUMN product_name TEXT;
